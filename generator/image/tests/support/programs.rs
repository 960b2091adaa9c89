//! Programs of a few bytes that have the form of real ones.

pub(crate) const AMD64: u16 = 62;
pub(crate) const ARM64: u16 = 183;

/// A segment that is loaded, and one that names a loader.
pub(crate) const LOAD: u32 = 1;
pub(crate) const INTERP: u32 = 3;

/// An ELF program for a machine, with one segment of that type.
pub(crate) fn elf(machine: u16, segment: u32) -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(16, 0);
    program.extend(2_u16.to_le_bytes()); // executable
    program.extend(machine.to_le_bytes());
    program.extend(1_u32.to_le_bytes()); // version
    program.extend([0; 8]); // entry
    program.extend(64_u64.to_le_bytes()); // where the segments are
    program.extend([0; 12]); // sections, flags
    program.extend(64_u16.to_le_bytes()); // this header
    program.extend(56_u16.to_le_bytes()); // a segment
    program.extend(1_u16.to_le_bytes()); // one segment
    program.resize(64, 0);
    program.extend(segment.to_le_bytes());
    program.resize(64 + 56, 0);
    program.extend_from_slice(b"a fixed tool");
    program
}
