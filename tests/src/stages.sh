# What every script of `Stages` begins with. It runs twice: first outside, where it makes a root of its own out of the
# machine's programs and a copy of the kept volumes, then in there, where volumes are where the stage tool looks for them.
set -eu
if [ ! -e /volumes/submission ]; then
    mount -t tmpfs none /mnt
    for entry in /bin /dev /etc /lib* /proc /sbin /usr; do
        if [ -L "$entry" ]; then cp -P "$entry" /mnt; else mkdir "/mnt$entry" && mount --rbind "$entry" "/mnt$entry"; fi
    done
    mkdir /mnt/tmp /mnt/left
    mount --bind "$LEFT" /mnt/left
    cp -r "$KEPT" /mnt/volumes
    cp -rL "$(dirname "$0")" /mnt/given
    cp /mnt/volumes/submission/tool/assay-stage /mnt/tool
    exec chroot /mnt bash /given/script
fi
cd /volumes
# The key of the run that left the volumes is gone, and what it signed with it.
ASSAY_SIGNING_KEY="$(openssl genpkey -algorithm ed25519)"
export ASSAY_SIGNING_KEY
snapshots=raw-submissions/tests/engine/local
job="$(basename "$snapshots"/*.zip .zip)"
snapshot="$snapshots/$job.zip"
digest="$(sha256sum "$snapshot" | cut -d' ' -f1)"
outbox="student/.assay/outbox/$digest.zip"
told="student/.assay/tests/engine/$job"
revision="$(ls assignment-configuration/tests/engine | grep -v json)"
private="private-results/tests/engine/local/$job"
entry="private-results/tests/engine/gradebook/$job.json"
rm "$snapshots/$job.json" "$private/concluded.json" "$private/private.json" "$entry"

# race PLACE: runs /tmp/racer.py there, which renames a file to /tmp/swaps that says how often it has changed something: whenever it
# is read or killed, there is a number. It has begun when this returns
race() {
    python3 /tmp/racer.py "$1" &
    racer=$!
    while [ ! -s /tmp/swaps ]; do sleep 0.05; done
}
swaps() { cat /tmp/swaps; }

# The stages, as an engine calls them. TRACE goes before the program, as `strace …`.
known() { cat "$1/outputs/$2" 2>/dev/null || echo none; }
facts() { echo --job "$job" --assignment tests/engine --revision "$revision" --student local --digest "$digest" --handed-in 2026-06-01T00:00:00Z; }
setup() { ${TRACE:-} /tool setup $(facts) "$@"; }
results() {
    ${TRACE:-} /tool results $(facts) --setup-status Succeeded --setup-exit 0 --outcome "$(known setup-configuration outcome)" \
        --refusal "$(known setup-configuration refusal)" --late-seconds "$(known setup-configuration late-seconds)" \
        --due "$(known setup-configuration due)" --setup-cause none --verify-status "${VERIFY_STATUS:-Succeeded}" --verify-exit "${VERIFY_EXIT:-0}" \
        --verify-cause "${VERIFY_CAUSE:-none}" --test-status "${TEST_STATUS:-Succeeded}" --test-exit "${TEST_EXIT:-0}" \
        --test-cause "${TEST_CAUSE:-none}"
}
finalise() {
    ${TRACE:-} /tool finalise $(facts) --outcome "$(known setup-configuration outcome)" \
        --received-digest "$(known setup-configuration received-digest)" --network none --results-status Succeeded \
        --verdict "$(known results verdict)" --fault "$(known results fault)" --points "${POINTS-$(known results points)}" \
        --max-points "$(known results max-points)" --private-digest "$(known results private-digest)" \
        --student-digest "$(known results student-digest)"
}
# As the handler of a job's exit calls Finalise, which knows nothing of the job.
rescue() {
    /tool finalise $(facts) --outcome none --received-digest none --network none --results-status Omitted --verdict none \
        --fault none --points none --max-points none --private-digest none --student-digest none
}

# Asserting.
fail() { echo "$*" >&2; exit 9; }
same() { [ "$1" = "$2" ] || fail "${3:-it differs}:
$(diff <(echo "$1") <(echo "$2"))"; }
ends() { # CODE COMMAND...: it ends with that exit code
    local expected="$1" code=0
    shift
    "$@" >/tmp/said 2>&1 || code=$?
    [ "$code" = "$expected" ] || { cat /tmp/said >&2; fail "'$*' ended with $code, not $expected"; }
}
refused() { same "$(known setup-configuration outcome)/$(known setup-configuration refusal)" "refused/$1" "${2:-refusal}"; }
# All that may exist once. Names of files that nobody finished may stay: nothing reads them.
sums() { find raw-submissions private-results -type f ! -name 'attempt-*' ! -name '.assay-unfinished-*' -print0 | sort -z | xargs -0 sha256sum; }
# Every name with what is in it, below the folders that are named.
everything() { find "$@" -printf '%p %y %m %l\n' -type f -exec sha256sum {} + | sort; }
# What is kept of a state, and brought back.
save() { rm -rf "/saved-$1" && cp -a /volumes "/saved-$1"; }
restore() { cd / && rm -rf /volumes/* /volumes/.[!.]* && cp -a "/saved-$1/." /volumes && cd /volumes; }
