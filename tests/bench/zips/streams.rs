//! Streams of deflate that no packer writes: each is right, and made to cost its reader more than others.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Bits, the lowest first, as deflate has them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u64, count: u32) {
        self.pending |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// A code of a Huffman table, the highest bit first.
    fn code(&mut self, code: u64, count: u32) {
        for bit in (0..count).rev() {
            self.put((code >> bit) & 1, 1);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
        self.bytes
    }
}

/// Blocks up to some `length`, and a last one that holds nothing.
fn of_blocks(length: usize, mut block: impl FnMut(&mut Bits)) -> Vec<u8> {
    let mut bits = Bits::default();
    while bits.bytes.len() < length {
        block(&mut bits);
    }
    bits.put(0b011, 3);
    bits.code(0, 7);
    bits.finish()
}

/// Stored blocks, none of which is the last.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let block = |block: &[u8]| {
        let length = block.len() as u16;
        [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), block].concat()
    };
    bytes.chunks(u16::MAX.into()).flat_map(block).collect()
}

/// What a packer makes that is made to hand on all that it has after every few bytes.
pub(crate) fn flushed(bytes: &[u8], few: usize) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    for line in bytes.chunks(few) {
        encoder.write_all(line).and_then(|()| encoder.flush()).expect("memory takes it");
    }
    encoder.finish().expect("memory takes it")
}

/// Stored blocks without bytes.
pub(crate) fn empty_stored(length: usize) -> Vec<u8> {
    let mut stream = [0, 0, 0, 0xff, 0xff].repeat(length / 5);
    stream.extend([1, 0, 0, 0xff, 0xff]);
    stream
}

/// Blocks with the fixed codes, without anything in them.
pub(crate) fn empty_fixed(length: usize) -> Vec<u8> {
    of_blocks(length, |bits| {
        bits.put(0b010, 3);
        bits.code(0, 7);
    })
}

/// Blocks with tables of their own of codes up to `longest` bits, each with `letters` times the letter `a`; and how many
/// letters that makes.
pub(crate) fn tables(length: usize, longest: u64, letters: usize) -> (Vec<u8>, usize) {
    let mut made = 0;
    let stream = of_blocks(length, |bits| {
        // Literals and lengths up to the end of a block, one distance, all 19 lengths of lengths.
        bits.put(0b100, 3);
        bits.put(0, 5);
        bits.put(0, 5);
        bits.put(15, 4);
        // Lengths 0 to 13 have codes of 4 bits, 14, 15, 18 and those in between of 5 or none: a complete table.
        let code_lengths: Vec<u32> = (0..19).map(|n| if n < 13 { 4 } else { 5 }).collect();
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        for length in order {
            bits.put(code_lengths[length].into(), 3);
        }
        let length_code = |bits: &mut Bits, n: u64| match n {
            0..13 => bits.code(n, 4),
            n => bits.code(26 + n - 13, 5),
        };
        let zeros = |bits: &mut Bits, mut count: u64| {
            while count > 0 {
                // A run has at least eleven, the last one too.
                let run = if (139..149).contains(&count) { count - 11 } else { count.min(138) };
                length_code(bits, 18);
                bits.put(run - 11, 7);
                count -= run;
            }
        };
        // `a` has one bit; then letters of 2, 3, … bits up to the end of a block, which has the longest, as one other has.
        zeros(bits, 97);
        length_code(bits, 1);
        let others = longest - 1;
        zeros(bits, 256 - 98 - others);
        for n in 2..=longest {
            length_code(bits, n);
        }
        length_code(bits, longest);
        // No distance.
        length_code(bits, 0);
        for _ in 0..letters {
            bits.code(0, 1);
            made += 1;
        }
        bits.code((1 << longest) - 1, longest as u32);
    });
    (stream, made)
}

/// The shortest matches from as far away as there are: each is looked up where no cache helps. And what comes out.
pub(crate) fn far_matches(length: usize) -> (Vec<u8>, Vec<u8>) {
    const WINDOW: usize = 32_768;
    let mut out: Vec<u8> = (0..WINDOW).map(|n| ((n * 7_919) >> 8) as u8 & 0x7f).collect();
    let mut bits = Bits::default();
    bits.put(0b011, 3);
    for letter in &out {
        // Letters below 144 have codes of eight bits.
        bits.code(0x30 + u64::from(*letter), 8);
    }
    let mut away = 0_usize;
    while bits.bytes.len() < length {
        // The distances of code 29 are 24,577 and up to 8,191 more.
        away = (away * 5 + 4_099) % 8_192;
        bits.code(1, 7);
        bits.code(29, 5);
        bits.put(away as u64, 13);
        let from = out.len() - 24_577 - away;
        for n in from..from + 3 {
            out.push(out[n]);
        }
    }
    bits.code(0, 7);
    (bits.finish(), out)
}
