//! Whether a program is static: a root that holds nothing else has no loader for it.

/// A program header that names the loader.
const PT_INTERP: u32 = 3;

/// # Errors
/// If `program` is not a 64-bit little-endian ELF file, or if it needs a loader.
pub(crate) fn check_static(program: &[u8]) -> Result<(), &'static str> {
    const NOT_ELF: &str = "assay-stage is not a 64-bit little-endian ELF program";
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err(NOT_ELF);
    }
    let number = |at: usize, len: usize| {
        let bytes = program.get(at..at.checked_add(len)?)?;
        Some(bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    let header = (number(32, 8), number(54, 2), number(56, 2));
    let (Some(table), Some(size), Some(count)) = header else { return Err(NOT_ELF) };
    for index in 0..count {
        let at = size.checked_mul(index).and_then(|offset| table.checked_add(offset));
        match at.and_then(|at| number(at, 4)) {
            Some(kind) if kind == PT_INTERP as usize => {
                return Err("assay-stage is not static: it names a loader");
            }
            Some(_) => {}
            None => return Err(NOT_ELF),
        }
    }
    Ok(())
}
