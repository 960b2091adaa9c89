//! Reading little-endian fields, and the zip file as bytes at offsets.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::{Failure, Reason, Refusal};
use crate::Error;

/// Bytes from which fields are taken in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The zip file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Archive<'f> {
    file: &'f File,
    size: u64,
}

impl<'f> Archive<'f> {
    pub(super) fn new(file: &'f File, size: u64) -> Archive<'f> {
        Archive { file, size }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Fills `buffer` from `offset` on; a file that ends before is truncated.
    pub(super) fn read_exact(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Failure> {
        self.file.read_exact_at(buffer, offset).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Refusal::of(Reason::Truncated).into(),
            _ => Failure::Failed(Error::io("read", b"the zip", error)),
        })
    }

    /// `length` bytes from `offset` on; the caller has bounded `length`.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> Result<Vec<u8>, Failure> {
        let mut buffer = vec![0; length];
        self.read_exact(offset, &mut buffer)?;
        Ok(buffer)
    }
}
