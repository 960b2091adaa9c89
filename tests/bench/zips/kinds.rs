//! The zips: hostile ones of every kind that the reader's policy knows, refused as late as each can be, and benign ones of
//! the same shapes.

use crate::builder::{DESCRIPTOR, Entry, Form, UTF8, Zip, deflated, extra, zip64};
use crate::streams;

/// A zip of a size.
pub(crate) struct Made {
    pub(crate) zip: Vec<u8>,
    /// The bytes that come out of it before it is refused.
    pub(crate) produced: u64,
    /// The budget: what it may unpack to, and how many files.
    pub(crate) unpacked_bytes: u64,
    pub(crate) files: u64,
}

/// A kind of zip.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The benign one of the same shape; itself, for a benign one.
    pub(crate) against: &'static str,
    /// How it ends.
    pub(crate) code: &'static str,
    pub(crate) make: fn(usize) -> Made,
}

const fn kind(
    name: &'static str,
    against: &'static str,
    code: &'static str,
    make: fn(usize) -> Made,
) -> Kind {
    Kind { name, against, code, make }
}

/// Bytes of a zip of one large file, for each size.
const BYTES: usize = 4 << 20;
/// Files of a zip of many, for each size.
const FILES: usize = 1_000;

/// The benign ones.
pub(crate) const TWINS: &[Kind] = &[
    kind("text", "text", "accepted", |n| large(text(n))),
    // Hardly anything in them stands there twice, so each letter is packed by itself.
    kind("digits", "digits", "accepted", |n| one(Entry::file("digits", digits(n)), n * BYTES)),
    kind("noise", "noise", "accepted", |n| one(Entry::stored("noise", noise(n)), n * BYTES)),
    kind("files", "files", "accepted", |n| small(files(n))),
    kind("packed files", "packed files", "accepted", |n| small(packed_files(n))),
    kind("streamed files", "streamed files", "accepted", |n| small(streamed(n))),
    kind("folders", "folders", "accepted", |n| small(folders(n))),
    kind("deep folders", "deep folders", "accepted", |n| small(deep(n, |n, all| n * 2 / all))),
    kind("long names", "long names", "accepted", |n| roomy(named(n, 200, "a"), n)),
    kind("short foreign names", "short foreign names", "accepted", |n| roomy(named(n, 10, "語"), n)),
    kind("foreign names", "foreign names", "accepted", |n| roomy(named(n, 60, "語"), n)),
];

/// The hostile ones. Their names say what is wrong with them; where something is wrong with one entry of many it is the last.
pub(crate) const KINDS: &[Kind] = &[
    // Bombs and lies about sizes.
    kind("bomb that says its size", "text", "too-large", |n| over_budget(Entry::file("bomb", zeros(n)), n)),
    kind("bomb that says less", "text", "header-mismatch", |n| {
        let said = n * BYTES / 2;
        let bomb = Entry::file("bomb", zeros(n)).both(|header| header.size = said as u32);
        Made { produced: said as u64, ..one(bomb, n * BYTES) }
    }),
    kind("bomb that says just what is allowed", "text", "too-large", |n| {
        let said = n * BYTES / 2;
        let bomb = Entry::file("bomb", zeros(n)).both(|header| header.size = said as u32);
        Made { produced: said as u64, ..one(bomb, said) }
    }),
    kind("bomb of 64 bits", "text", "too-large", |n| {
        let bomb = Entry::file("bomb", zeros(n)).both(|header| {
            header.extra = zip64(&[1 << 40]);
            header.size = u32::MAX;
        });
        over_budget(bomb, n)
    }),
    kind("bomb of many files", "text", "too-large", |n| {
        let each = vec![0; BYTES / 100];
        let bomb = Zip::of((0..n * 100).map(|at| Entry::file(format!("bomb-{at}"), &each)));
        Made { files: 100 * n as u64, ..made(bomb, 0, n * BYTES / 2) }
    }),
    kind("zip in a zip", "text", "accepted", |n| {
        let inner = Zip::of([Entry::file("text", text(n))]).build();
        let inner = Zip::of([Entry::stored("inner.zip", inner)]).build();
        large(inner)
    }),
    kind("says more than it holds", "text", "header-mismatch", |n| {
        let entry = Entry::file("text", text(n)).both(|header| header.size += 1);
        Made { produced: (n * BYTES) as u64, ..one(entry, n * BYTES + 1) }
    }),
    kind("stored with two sizes", "noise", "header-mismatch", |n| {
        let entry = Entry::stored("noise", noise(n)).both(|header| header.size -= 1);
        Made { produced: 0, ..one(entry, n * BYTES) }
    }),
    // Damaged data.
    kind("wrong checksum", "text", "bad-checksum", |n| {
        one(Entry::file("text", text(n)).both(|header| header.crc ^= 1), n * BYTES)
    }),
    kind("stored with a wrong checksum", "noise", "bad-checksum", |n| {
        one(Entry::stored("noise", noise(n)).both(|header| header.crc ^= 1), n * BYTES)
    }),
    kind("no stream at its end", "text", "bad-data", |n| {
        let text = text(n);
        let mut data = streams::stored(&text);
        // There is no such type of block.
        data.push(0b111);
        one(streamed_as(data, &text), n * BYTES)
    }),
    kind("cut stream", "text", "truncated", |n| {
        let mut data = deflated(&text(n));
        data.pop();
        one(streamed_as(data, &text(n)), n * BYTES)
    }),
    kind("bytes behind the stream", "text", "header-mismatch", |n| {
        let mut data = deflated(&text(n));
        data.push(0);
        one(streamed_as(data, &text(n)), n * BYTES)
    }),
    // Streams that no packer writes, but for the third, which a program writes that flushes at each line.
    kind("stored blocks of nothing", "text", "many-blocks", |n| {
        one(streamed_as(streams::empty_stored(n * BYTES), b""), 0)
    }),
    kind("fixed blocks of nothing", "text", "many-blocks", |n| {
        one(streamed_as(streams::empty_fixed(n * BYTES), b""), 0)
    }),
    kind("text flushed at each line", "text", "many-blocks", |n| {
        let text = text(n);
        one(streamed_as(streams::flushed(&text, 80), &text), n * BYTES)
    }),
    kind("tables of 10 bits and nothing", "text", "many-blocks", |n| tables(n, 10, 0)),
    kind("tables of 15 bits and nothing", "text", "many-blocks", |n| tables(n, 15, 0)),
    kind("tables of 15 bits and a letter", "text", "many-blocks", |n| tables(n, 15, 1)),
    kind("tables of 15 bits and 4 kB of letters", "digits", "accepted", |n| tables(n, 15, 4_150)),
    kind("short matches from far away", "text", "accepted", |n| {
        let (data, out) = streams::far_matches(n * BYTES);
        one(streamed_as(data, &out), out.len())
    }),
    // The structure of the whole.
    kind("bytes in front", "text", "prefix-data", |n| framed(n, |zip| zip.prefix = b"#!/bin/sh\n".to_vec())),
    kind("bytes behind", "text", "trailing-data", |n| framed(n, |zip| zip.trailing = b"\n".to_vec())),
    kind("bytes in between", "text", "hidden-data", |n| {
        framed(n, |zip| zip.before_directory = b"hidden".to_vec())
    }),
    kind("cut zip", "text", "truncated", |n| {
        let mut cut = framed(n, |_| {});
        cut.zip.truncate(cut.zip.len() - 1);
        cut
    }),
    kind("end marks in the comment", "text", "two-ends", |n| {
        framed(n, |zip| {
            let mut comment = b"PK\x05\x06".repeat(16_000);
            // Of all of them one fits.
            comment.extend([0; 16]);
            comment.extend([0, 0]);
            zip.comment = comment;
        })
    }),
    kind("quoted entries", "files", "overlap", |n| {
        // The data of each is all that follows.
        let inner: Vec<Entry> = files(n).entries;
        let body = Zip::of(inner.clone()).build();
        let directory: usize = inner.iter().map(|entry| 46 + entry.central.name.len()).sum();
        let body = body[..body.len() - directory - 22].to_vec();
        let mut at = 30 + "outer".len();
        let outer = Entry::stored("outer", body);
        let inner = inner.into_iter().map(|mut entry| {
            (entry.in_body, entry.offset) = (false, Some(at as u32));
            at += 30 + entry.local.name.len() + entry.data.len();
            entry
        });
        Made { files: (n * FILES + 1) as u64, ..unproduced(Zip::of([outer].into_iter().chain(inner)), n) }
    }),
    kind("one entry under many names", "files", "overlap", |n| {
        let kernel = Entry::file("kernel", zeros(1));
        let again = files(n).entries.into_iter().skip(1).map({
            let kernel = kernel.clone();
            move |entry| {
                kernel.clone().with(|again| {
                    again.central.name = entry.central.name;
                    (again.in_body, again.offset) = (false, Some(0));
                })
            }
        });
        let zip = Zip::of([kernel.clone()].into_iter().chain(again));
        Made { unpacked_bytes: 1 << 40, ..unproduced(zip, n) }
    }),
    kind("far more entries than allowed", "files", "too-many-files", |n| Made {
        files: 1,
        ..unproduced(files(n), n)
    }),
    kind("end that says fewer entries", "files", "header-mismatch", |n| {
        unproduced(
            files(n).with(|zip| {
                zip.end = Some(Box::new(|end| {
                    end.entries -= 1;
                    end.entries_here -= 1;
                }))
            }),
            n,
        )
    }),
    kind("64-bit end that differs", "files", "header-mismatch", |n| {
        unproduced(files(n).with(|zip| zip.end64 = Some(Box::new(|end| end.directory += 1))), n)
    }),
    kind("nothing but junk", "files", "empty", |n| {
        let junk = files(n).entries.into_iter().map(|entry| {
            let name = [b"__MACOSX/", &*entry.central.name].concat();
            entry.both(|header| header.name = name.clone())
        });
        unproduced(Zip::of(junk), n)
    }),
    // One of many entries.
    kind("name twice", "files", "duplicate-name", |n| last(n, |entry, first| *entry = first.clone())),
    kind("name in another case", "files", "case-collision", |n| {
        last(n, |entry, first| *entry = Entry::stored(first.central.name.to_ascii_uppercase(), "x"))
    }),
    kind("file that is a folder", "files", "file-and-directory", |n| {
        last(n, |entry, first| *entry = Entry::stored([&*first.central.name, b"/x"].concat(), "x"))
    }),
    kind("name that leads out", "files", "path-traversal", |n| {
        last(n, |entry, _| *entry = Entry::stored("a/../../x", "x"))
    }),
    kind("NUL in a name", "files", "bad-name", |n| last(n, |entry, _| *entry = Entry::stored("x\0.c", "x"))),
    kind("link", "files", "link-entry", |n| last(n, |entry, _| *entry = entry.clone().mode(0o120_777))),
    kind("pipe", "files", "special-file", |n| last(n, |entry, _| *entry = entry.clone().mode(0o010_644))),
    kind("folder with data", "files", "directory-with-data", |n| {
        last(n, |entry, _| *entry = Entry::stored("x/", "data"))
    }),
    kind("encrypted", "files", "encrypted", |n| {
        last(n, |entry, _| *entry = entry.clone().both(|header| header.flags |= 1))
    }),
    kind("method 99", "files", "unknown-method", |n| {
        last(n, |entry, _| *entry = entry.clone().both(|header| header.method = 99))
    }),
    kind("unknown flag", "files", "unknown-flag", |n| {
        last(n, |entry, _| *entry = entry.clone().both(|header| header.flags |= 1 << 4))
    }),
    kind("other name in its header", "files", "header-mismatch", |n| {
        last(n, |entry, _| *entry.local.name.last_mut().expect("it has a name") ^= 1)
    }),
    kind("two fields of 64 bits", "files", "header-mismatch", |n| {
        last(n, |entry, _| entry.local.extra = [zip64(&[1, 1]), zip64(&[1, 1])].concat())
    }),
    kind("wrong checksum of the last", "files", "bad-checksum", |n| late(files(n), n)),
    kind("wrong checksum of the last packed one", "packed files", "bad-checksum", |n| {
        late(packed_files(n), n)
    }),
    kind("descriptor that differs", "streamed files", "header-mismatch", |n| {
        let mut zip = streamed(n);
        if let Some(last) = zip.entries.last_mut() {
            last.behind[4] ^= 1;
        }
        unproduced(zip, n)
    }),
    kind("large headers", "files", "bad-checksum", |n| {
        // As many as the same number of files has bytes in a header of one.
        let mut zip = Zip::of(files(n).entries.into_iter().take(n * 100));
        for entry in &mut zip.entries {
            entry.local.extra = extra(0x7777, b"").repeat(16_000);
        }
        late(zip, n)
    }),
    // Many folders, deep ones, long names.
    kind("wrong checksum behind folders", "folders", "bad-checksum", |n| late(folders(n), n)),
    kind("file for a folder", "folders", "file-and-directory", |n| {
        let mut zip = folders(n);
        zip.entries.push(Entry::stored("folder-0", "x"));
        unproduced(zip, n)
    }),
    kind("from one deep folder to another", "deep folders", "accepted", |n| small(deep(n, |n, _| n % 2))),
    kind("too deep", "deep folders", "too-deep", |n| {
        let mut zip = deep(n, |n, all| n * 2 / all);
        zip.entries.push(Entry::stored("d/".repeat(40) + "x", "x"));
        unproduced(zip, n)
    }),
    kind("name too long", "long names", "name-too-long", |n| {
        let mut zip = named(n, 200, "a");
        zip.entries.push(Entry::stored(format!("{0}/{0}/{0}/{0}/{0}", "x".repeat(240)), "x"));
        unproduced(zip, n)
    }),
    kind("names that unfold", "short foreign names", "duplicate-name", |n| hostile_names(n, 10, "\u{fdfa}")),
    kind("name that unfolds too far", "foreign names", "name-too-long", |n| {
        let mut zip = named(n, 60, "語");
        zip.entries.push(Entry::stored("\u{fdfa}".repeat(60), "x").both(|header| header.flags = UTF8));
        unproduced(zip, n)
    }),
    kind("names of marks", "foreign names", "duplicate-name", |n| hostile_names(n, 60, "a\u{301}\u{327}")),
];

/// `n` sizes of text that compresses as source code does.
fn text(n: usize) -> Vec<u8> {
    let mut random = Random(1);
    let words: Vec<Vec<u8>> = (0..20_000)
        .map(|_| (0..2 + random.below(8)).map(|_| b'a' + random.below(26) as u8).chain([b' ']).collect())
        .collect();
    let mut text = Vec::with_capacity(n * BYTES + 16);
    while text.len() < n * BYTES {
        // Some words are much more frequent than others.
        let most = 1 + random.below(words.len());
        text.extend(&words[random.below(most)]);
    }
    text.truncate(n * BYTES);
    text
}

fn noise(n: usize) -> Vec<u8> {
    let mut random = Random(2);
    (0..n * BYTES).map(|_| random.below(256) as u8).collect()
}

fn digits(n: usize) -> Vec<u8> {
    let mut random = Random(3);
    (0..n * BYTES).map(|_| b"0123456789abcdef"[random.below(16)]).collect()
}

fn zeros(n: usize) -> Vec<u8> {
    vec![0; n * BYTES]
}

/// Pseudo-random numbers, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

fn made(zip: Zip, produced: usize, unpacked_bytes: usize) -> Made {
    let files = zip.entries.len() as u64;
    Made { zip: zip.build(), produced: produced as u64, unpacked_bytes: unpacked_bytes as u64, files }
}

/// One entry, which comes out whole.
fn one(entry: Entry, unpacked_bytes: usize) -> Made {
    made(Zip::of([entry]), unpacked_bytes, unpacked_bytes)
}

/// One entry that is refused for what it says of its size.
fn over_budget(entry: Entry, n: usize) -> Made {
    Made { produced: 0, ..one(entry, n * BYTES / 2) }
}

/// One packed file.
fn large(bytes: Vec<u8>) -> Made {
    let length = bytes.len();
    one(Entry::file("text", bytes), length)
}

fn framed(n: usize, change: impl FnOnce(&mut Zip)) -> Made {
    made(Zip::of([Entry::file("text", text(n))]).with(change), 0, n * BYTES)
}

/// An entry of this stream, that says it holds `bytes`.
fn streamed_as(data: Vec<u8>, bytes: &[u8]) -> Entry {
    let packed = data.len() as u32;
    let mut entry =
        Entry::stored("stream", bytes).both(|header| (header.method, header.packed) = (8, packed));
    entry.data = data;
    entry
}

fn tables(n: usize, longest: u64, letters: usize) -> Made {
    let (data, made) = streams::tables(n * BYTES, longest, letters);
    one(streamed_as(data, &vec![b'a'; made]), made)
}

/// Many small entries that all come out.
fn small(zip: Zip) -> Made {
    let bytes: usize = zip.entries.iter().map(|entry| entry.central.size as usize).sum();
    made(zip, bytes, bytes)
}

/// The same, where more entries would be allowed.
fn roomy(zip: Zip, n: usize) -> Made {
    Made { files: (n * FILES) as u64, ..small(zip) }
}

/// Many small entries of which none comes out. Some entries more than `n` sizes are still within the budget.
fn unproduced(zip: Zip, n: usize) -> Made {
    let bytes: usize = zip.entries.iter().map(|entry| entry.central.size as usize).sum();
    Made { files: (n * FILES) as u64, ..made(zip, 0, bytes) }
}

/// Many small entries that come out, and are all taken back for the last one's sake.
fn late(mut zip: Zip, n: usize) -> Made {
    if let Some(last) = zip.entries.iter_mut().rfind(|entry| entry.central.size > 0) {
        last.local.crc ^= 1;
        last.central.crc ^= 1;
    }
    roomy(zip, n)
}

/// Many small files of which the last one is changed; the first one is given beside it.
fn last(n: usize, change: impl FnOnce(&mut Entry, &Entry)) -> Made {
    let mut zip = files(n);
    let first = zip.entries[0].clone();
    if let Some(last) = zip.entries.last_mut() {
        change(last, &first);
    }
    unproduced(zip, n)
}

const CONTENT: &str = "int x;\n";

/// Small files, a hundred in a folder.
fn files(n: usize) -> Zip {
    Zip::of((0..n * FILES).map(|at| Entry::stored(format!("folder-{}/file-{at}.c", at / 100), CONTENT)))
}

fn packed_files(n: usize) -> Zip {
    Zip::of(
        (0..n * FILES).map(|at| Entry::file(format!("folder-{}/file-{at}.c", at / 100), CONTENT.repeat(20))),
    )
}

fn streamed(n: usize) -> Zip {
    let files = packed_files(n).entries.into_iter().map(|entry| entry.descriptor(Form::NarrowSigned));
    let zip = Zip::of(files);
    debug_assert!(zip.entries.iter().all(|entry| entry.central.flags & DESCRIPTOR != 0));
    zip
}

/// Folders, and one file.
fn folders(n: usize) -> Zip {
    let folders = (0..n * FILES - 1).map(|at| Entry::dir(format!("folder-{at}/")));
    Zip::of(folders.chain([Entry::stored("x.c", CONTENT)]))
}

/// Files in two folders, as deep as is allowed; `which` tells a file's.
fn deep(n: usize, which: impl Fn(usize, usize) -> usize) -> Zip {
    let all = n * FILES;
    Zip::of(
        (0..all).map(|at| Entry::stored(format!("{}/{}{at}.c", which(at, all), "d/".repeat(29)), CONTENT)),
    )
}

/// Files with a name of `length` times `letter`; fewer, since the zip's directory has a budget.
fn named(n: usize, length: usize, letter: &str) -> Zip {
    let name = letter.repeat(length);
    Zip::of((0..n * FILES / 2).map(|at| {
        Entry::stored(format!("{name}/{name}/{name}{at}"), CONTENT).both(|header| header.flags = UTF8)
    }))
}

/// The same, of which the last one is there twice.
fn hostile_names(n: usize, length: usize, letter: &str) -> Made {
    let mut zip = named(n, length * 3 / letter.len(), letter);
    zip.entries.extend(zip.entries.last().cloned());
    unproduced(zip, n)
}
