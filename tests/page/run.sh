#!/usr/bin/env bash
# Looks at the pages of results as students do: in a browser, in both colour schemes, on a phone and on paper; and holds them to
# the HTML standard and to rules of accessibility. Wants node, Java 17 and Chromium. Screenshots go to ASSAY_SHOTS, if that is set.
set -euo pipefail
cd "$(dirname "$0")"

for program in node npm java cargo; do
    command -v "$program" >/dev/null || { echo "tests/page: $program is missing" >&2; exit 1; }
done
node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' ||
    { echo "tests/page: node 20 or newer is needed, this is $(node --version)" >&2; exit 1; }

# Outside of the repository, by what is installed; put in place whole, so that an interruption leaves nothing half.
lock="$(cat package.json package-lock.json .npmrc | sha256sum | cut -c1-16)"
cache="${ASSAY_CACHE:-$HOME/.cache/assay}/page"
modules="$cache/$lock"
if [[ ! -d "$modules" ]]; then
    mkdir -p "$cache"
    fresh="$(mktemp -d "$cache/fresh.XXXXXX")"
    trap 'rm -rf "$fresh"' EXIT
    cp package.json package-lock.json .npmrc "$fresh"
    (cd "$fresh" && npm ci --no-audit --no-fund --loglevel=error)
    # Two runs at once install the same.
    mv -T "$fresh" "$modules" 2>/dev/null || [[ -d "$modules" ]]
fi

pages="$(mktemp -d)"
trap 'rm -rf "$pages" "${fresh:-}"' EXIT
cargo run --quiet --locked --package assay-page --example pages -- "$pages"

echo "HTML and CSS by the standard"
# It reads the policy without working out hashes, so it takes the style sheet for forbidden; browser.mjs asks a browser. How students'
# programs compose their letters is theirs to say, and so is their language.
java -jar "$modules/node_modules/vnu-jar/build/dist/vnu.jar" --Werror --no-langdetect \
    --filterpattern '(?s).*(Inline style violates Content Security Policy|not in Unicode Normalization Form C).*' "$pages"/*.html
echo "in a browser"
node browser.mjs "$modules" "$pages"
