//! References to container images: `registry/name:tag@sha256:…`.
//!
//! Only the form is judged; nothing is looked up anywhere.

use std::sync::LazyLock;

use regex::Regex;

/// How sure it is that the same image runs tomorrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pinned {
    /// By digest.
    Digest,
    /// By a tag that is not `latest`.
    Tag,
    /// Not at all.
    No,
}

/// The grammar of the distribution specification, without its optional legacy forms.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let part = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    let label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let registry = format!("(?:{label}(?:\\.{label})*(?::[0-9]{{1,5}})?/)?");
    let tag = "(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?";
    let digest = "(?<digest>@sha256:[0-9a-f]{64})?";
    let pattern = format!("\\A{registry}{part}(?:/{part})*{tag}{digest}\\z");
    Regex::new(&pattern).expect("the pattern is fixed and its tests compile it")
});

/// How an image is pinned; `None` if the text is no reference.
pub(crate) fn pinned(reference: &str) -> Option<Pinned> {
    // A plan has a rule of its own, which must not be the first to refuse it.
    crate::operator::Image::new(reference).ok()?;
    let parts = REFERENCE.captures(reference)?;
    Some(match (parts.name("digest"), parts.name("tag").map(|tag| tag.as_str())) {
        (Some(_), _) => Pinned::Digest,
        (None, Some("latest") | None) => Pinned::No,
        (None, Some(_)) => Pinned::Tag,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_apart() {
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(pinned("registry.example.edu:5000/hub/singleuser:2026.1"), Some(Pinned::Tag));
        assert_eq!(pinned(&format!("localhost/a__b/c-d@{digest}")), Some(Pinned::Digest));
        assert_eq!(pinned(&format!("gcc:latest@{digest}")), Some(Pinned::Digest));
        assert_eq!(pinned("gcc:latest"), Some(Pinned::No));
        assert_eq!(pinned("gcc"), Some(Pinned::No));
        for text in [
            "",
            "GCC:14",
            "a b",
            "gcc:",
            "gcc@sha256:abc",
            "/gcc",
            "gcc/",
            "gcc:1\n",
            "{{x}}",
            "a//b",
            "https://x/y:1",
        ] {
            assert_eq!(pinned(text), None, "{text:?}");
        }
    }
}
