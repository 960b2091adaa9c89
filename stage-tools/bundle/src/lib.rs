//! The static stage tool as bytes, so that one `assay` file is all that a local run or a publication needs.
//!
//! Built by `build.rs` from `stage-tools/stage` of the same sources; there is no other way to put bytes here.

#![forbid(unsafe_code)]

/// The `assay-stage` program: static, stripped, for the target that this crate was built for.
pub static STAGE_TOOL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/assay-stage"));

/// The SHA-256 of [`STAGE_TOOL`], in lower-case hexadecimal.
pub const STAGE_TOOL_SHA256: &str = env!("ASSAY_STAGE_SHA256");

#[cfg(test)]
#[path = "../build/elf.rs"]
mod elf;

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let hex: String = Sha256::digest(STAGE_TOOL).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, STAGE_TOOL_SHA256);
    }

    #[test]
    fn the_tool_is_hardened() {
        assert!(!assay_contract::hardening::is_missing(STAGE_TOOL));
    }

    #[test]
    fn only_whole_static_programs_pass() {
        assert_eq!(elf::check_static(STAGE_TOOL), Ok(()));
        assert!(elf::check_static(&STAGE_TOOL[..100]).is_err(), "cut in its headers");
        assert!(elf::check_static(b"#!/bin/sh\n").is_err());
        // This test itself is not static, on targets that have a loader.
        let own = std::fs::read("/proc/self/exe").unwrap();
        assert_eq!(elf::check_static(&own).is_ok(), cfg!(target_feature = "crt-static"));
    }
}
