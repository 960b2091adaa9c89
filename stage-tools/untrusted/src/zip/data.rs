//! Getting an entry's bytes out: inflate, count, checksum and write in one pass, with two buffers for the whole zip.

use std::fs::File;
use std::io::Write as _;
use std::ops::Range;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::directory::{Member, Method};
use super::fields::Archive;
use super::{Failure, Reason, Refusal};
use crate::Error;
use crate::copy::BUFFER;

/// The window of deflate, as a power of two (RFC 1951).
const WINDOW_BITS: u8 = 15;

/// Unpacks one entry after another.
pub(super) struct Unpacker<'a> {
    archive: &'a Archive<'a>,
    inflate: Inflate,
    input: Vec<u8>,
    output: Vec<u8>,
    limit: u64,
    /// What is left of the limit.
    left: u64,
    blocks: Blocks,
}

impl<'a> Unpacker<'a> {
    pub(super) fn new(archive: &'a Archive<'a>, limit: u64) -> Unpacker<'a> {
        let buffer = || vec![0; BUFFER];
        Unpacker {
            archive,
            inflate: Inflate::new(false, WINDOW_BITS),
            input: buffer(),
            output: buffer(),
            limit,
            left: limit,
            blocks: Blocks::default(),
        }
    }

    /// Unpacks `member`, whose packed bytes are at `data`, into `file`; a directory has none.
    pub(super) fn unpack(
        &mut self,
        member: &Member,
        data: Range<u64>,
        file: Option<&mut File>,
    ) -> Result<(), Failure> {
        let mut out = Out {
            member,
            file,
            checksum: crc32fast::Hasher::new(),
            size: 0,
            limit: self.limit,
            left: self.left,
        };
        match member.method {
            Method::Stored => self.copy(data, &mut out)?,
            Method::Deflated => self.inflate(data, &mut out)?,
        }
        self.left = out.left;
        out.finish()
    }

    fn copy(&mut self, mut data: Range<u64>, out: &mut Out<'_>) -> Result<(), Failure> {
        while !data.is_empty() {
            let block = read(self.archive, &mut data, &mut self.input)?;
            out.write(block)?;
        }
        Ok(())
    }

    fn inflate(&mut self, mut data: Range<u64>, out: &mut Out<'_>) -> Result<(), Failure> {
        self.inflate.reset(false);
        self.blocks.begin_stream();
        let mut block: &[u8] = &[];
        loop {
            if block.is_empty() && !data.is_empty() {
                block = read(self.archive, &mut data, &mut self.input)?;
            }
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(block, &mut self.output, InflateFlush::Block)
                .map_err(|_| out.member.refuse(Reason::BadData))?;
            let used = length(self.inflate.total_in().saturating_sub(before.0));
            let made = length(self.inflate.total_out().saturating_sub(before.1));
            block = block.get(used..).unwrap_or_default();
            if !self.blocks.allow(used, made) {
                return Err(out.member.refuse(Reason::ManyBlocks));
            }
            out.write(self.output.get(..made).unwrap_or_default())?;
            match status {
                Status::StreamEnd if block.is_empty() && data.is_empty() => return Ok(()),
                Status::StreamEnd => {
                    let what = "it has more packed bytes than its data needs";
                    return Err(out.member.refuse(Reason::HeaderMismatch(what)));
                }
                Status::Ok | Status::BufError
                    if used == 0 && made == 0 && block.is_empty() && data.is_empty() =>
                {
                    return Err(out.member.refuse(Reason::Truncated));
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }
}

/// The next bytes of `data`, as many as fit.
fn read<'b>(archive: &Archive<'_>, data: &mut Range<u64>, buffer: &'b mut [u8]) -> Result<&'b [u8], Failure> {
    let whole = length(data.end.saturating_sub(data.start));
    let count = whole.min(buffer.len());
    let block = buffer.get_mut(..count).unwrap_or_default();
    archive.read_exact(data.start, block)?;
    data.start = data.start.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    Ok(block)
}

/// How many blocks of deflate the streams of a zip consist of. Each may bring tables of its own, which take as long to build
/// as a thousand bytes take to unpack, and can stand in twenty.
#[derive(Debug, Default)]
struct Blocks {
    stops: u64,
    streams: u64,
    bytes: u64,
}

impl Blocks {
    /// Stops that are nobody's.
    const FREE: u64 = 1_000;
    /// Those of a stream of one block: before it, behind it, at its end.
    const OF_A_STREAM: u64 = 3;
    /// How many bytes, packed and unpacked, a block has at least, on average. Packers make blocks of several thousand.
    const BYTES: u64 = 4_096;

    fn begin_stream(&mut self) {
        self.streams = self.streams.saturating_add(1);
    }

    /// Counts a stop of the reader, at the end of a block or of a buffer; false if there have been too many.
    fn allow(&mut self, used: usize, made: usize) -> bool {
        let bytes = u64::try_from(used.saturating_add(made)).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        self.stops = self.stops.saturating_add(1);
        let of_streams = self.streams.saturating_mul(Self::OF_A_STREAM);
        self.stops <= (self.bytes / Self::BYTES).saturating_add(of_streams).saturating_add(Self::FREE)
    }
}

/// Where the bytes of one entry go.
struct Out<'m> {
    member: &'m Member,
    file: Option<&'m mut File>,
    checksum: crc32fast::Hasher,
    size: u64,
    limit: u64,
    left: u64,
}

impl Out<'_> {
    /// Everything is counted before it is written.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| Refusal::of(Reason::TooLarge { limit: self.limit }))?;
        self.size = self.size.saturating_add(length);
        if self.size > self.member.size {
            return Err(self.size_differs());
        }
        self.checksum.update(bytes);
        if let Some(file) = &mut self.file {
            file.write_all(bytes)
                .map_err(|error| Error::io("write", self.member.path.as_str().as_bytes(), error))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        if self.size != self.member.size {
            return Err(self.size_differs());
        }
        if self.checksum.finalize() != self.member.crc {
            return Err(self.member.refuse(Reason::BadChecksum));
        }
        Ok(())
    }

    fn size_differs(&self) -> Failure {
        self.member.refuse(Reason::HeaderMismatch("its data has another size than it says"))
    }
}

/// A length that fits a buffer, or as much of it as can be addressed.
fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
