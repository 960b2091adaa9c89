//! Programs that may go into an image: static ones, for a machine that is known.

use std::fmt;

use object::LittleEndian;
use object::elf::{EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::ImageError;

/// The machines that Assay's images are for, by the names that images use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit x86.
    Amd64,
    /// 64-bit Arm.
    Arm64,
}

impl Architecture {
    /// The name that configurations and indexes of images use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Architecture::Amd64 => "amd64",
            Architecture::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A program that runs in a root that holds nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    bytes: &'a [u8],
    architecture: Architecture,
}

impl<'a> Program<'a> {
    /// The program of these bytes; `name` is for messages.
    ///
    /// # Errors
    /// If they are no ELF program for a known machine, or if it needs a loader.
    pub fn new(name: &'static str, bytes: &'a [u8]) -> Result<Self, ImageError> {
        let unknown = |_| ImageError::NotAProgram { name };
        let header = FileHeader64::<LittleEndian>::parse(bytes).map_err(unknown)?;
        let endian = header.endian().map_err(unknown)?;
        let architecture = match header.e_machine(endian) {
            EM_X86_64 => Architecture::Amd64,
            EM_AARCH64 => Architecture::Arm64,
            _ => return Err(ImageError::NotAProgram { name }),
        };
        if !matches!(header.e_type(endian), ET_EXEC | ET_DYN) {
            return Err(ImageError::NotAProgram { name });
        }
        let segments = header.program_headers(endian, bytes).map_err(unknown)?;
        if segments.iter().any(|segment| segment.p_type(endian) == PT_INTERP) {
            return Err(ImageError::NotStatic { name, architecture });
        }
        Ok(Self { bytes, architecture })
    }

    /// The program itself.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The machine that it runs on.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }
}
