//! How a stage tool that confines nothing is told from all others.
//!
//! Such a tool exists to measure what confinement costs. It must never run a submission, so its bytes say what it is, and
//! no image is made of it.

/// What a stage tool that was built without hardening says of itself when it starts; no other one holds these bytes.
pub const NONE: &str =
    "this assay-stage was built without hardening: it confines nothing, and is for benchmarks alone";

/// Whether `program` is a stage tool that was built without hardening.
#[must_use]
pub fn is_missing(program: &[u8]) -> bool {
    program.windows(NONE.len()).any(|bytes| bytes == NONE.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_anywhere() {
        let with =
            |before: usize, after: usize| [&vec![0; before], NONE.as_bytes(), &vec![b't'; after]].concat();
        for (before, after) in [(0, 0), (1, 0), (0, 1), (7, 9)] {
            assert!(is_missing(&with(before, after)));
        }
        assert!(!is_missing(b""));
        assert!(!is_missing(&NONE.as_bytes()[1..]));
    }
}
