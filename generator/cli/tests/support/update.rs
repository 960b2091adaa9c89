//! Whether files that hold what is printed are to be written anew.

/// `ASSAY_UPDATE=1`, or any other value.
pub(crate) fn requested() -> bool {
    std::env::var_os("ASSAY_UPDATE").is_some()
}
