//! Zips: what is refused leaves nothing, what is accepted keeps the budget and is what every other reader sees, and
//! nothing beside the destination is touched.
//!
//! The first byte decides: any bytes, or a zip of any entries with lies in its headers and damage.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use arbitrary::{Arbitrary as _, Result, Unstructured};
use assay_untrusted::zip::{Budget, Failure, Unpacked, unpack};
use assay_untrusted::{Root, SubmissionPath};
use rustix::fs::{MemfdFlags, memfd_create};

use crate::builder::{DESCRIPTOR, DOS, Entry, Form, UNIX, UTF8, Zip, extra, unicode_path, zip64};
use crate::edit::{Edit, apply};
use crate::{scratch, text};

/// A system of which neither the names are UTF-8 nor the attributes a mode.
const OTHER: u16 = 7 << 8;

/// Small, so that every part of it can be passed by small inputs.
const BUDGET: Budget = Budget {
    unpacked_bytes: 64 << 10,
    files: 6,
    entries: 12,
    directory_bytes: 4 << 10,
    depth: 6,
    name_bytes: 96,
};

type Files = BTreeMap<String, Vec<u8>>;

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    if mode % 2 == 0 {
        unpacked(rest);
    } else if let Ok(zip) = built(&mut Unstructured::new(rest)) {
        unpacked(&zip);
    }
}

fn unpacked(bytes: &[u8]) {
    let folder = scratch::folder();
    let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
    fs::create_dir(&inside).unwrap();
    fs::write(&outside, "as it was").unwrap();
    let mut zip = File::from(memfd_create("zip", MemfdFlags::CLOEXEC).unwrap());
    zip.write_all(bytes).unwrap();

    match unpack(&zip, &Root::open(&inside).unwrap(), "tree", &BUDGET) {
        Ok(Unpacked { files, ignored }) => {
            assert_eq!(names_in(&inside), ["tree"]);
            let mut found = Found::default();
            found.read(&inside.join("tree"), "", 0);
            let told: Vec<_> =
                files.iter().map(|file| (file.path.to_string(), file.size, file.executable)).collect();
            assert_eq!(told, found.told);
            assert!(found.bytes <= BUDGET.unpacked_bytes && found.entries <= BUDGET.entries);
            assert!((1..=BUDGET.files).contains(&(files.len() as u64)));
            let spelled = Spelled { files: &found.files, ignored: &ignored };
            assert_eq!(seen_by_zip(bytes, &spelled), found.files);
            assert_eq!(seen_by_rawzip(bytes, &spelled), found.files);
        }
        Err(Failure::Refused(refusal)) => {
            assert_eq!(names_in(&inside), [""; 0], "{refusal}");
            let shown = refusal.to_string();
            assert!(shown.chars().count() < 600 && shown.chars().all(text::is_visible), "{shown:?}");
        }
        Err(Failure::Failed(error)) => panic!("{error:?}"),
    }
    assert_eq!(names_in(folder.path()), ["inside", "outside"]);
    assert_eq!(fs::read(&outside).unwrap(), b"as it was");
}

fn names_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

/// What lies on disk.
#[derive(Default)]
struct Found {
    files: Files,
    /// Path, size and whether it may be executed, sorted.
    told: Vec<(String, u64, bool)>,
    bytes: u64,
    entries: u64,
}

impl Found {
    fn read(&mut self, folder: &Path, prefix: &str, depth: u64) {
        assert!(depth <= BUDGET.depth);
        for name in names_in(folder) {
            let (path, name) = (folder.join(&name), format!("{prefix}{name}"));
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.mode() & 0o7777;
            self.entries += 1;
            assert!(
                name.len() as u64 <= BUDGET.name_bytes && SubmissionPath::new(&*name).is_ok(),
                "{name:?}"
            );
            if metadata.is_dir() {
                assert_eq!(mode, 0o755, "{name:?}");
                self.read(&path, &format!("{name}/"), depth + 1);
            } else {
                assert!(
                    metadata.is_file() && matches!(mode, 0o644 | 0o755) && metadata.nlink() == 1,
                    "{name:?}"
                );
                assert!(depth < BUDGET.depth, "{name:?}");
                self.bytes += metadata.len();
                self.files.insert(name, fs::read(path).unwrap());
            }
        }
        if prefix.is_empty() {
            let executable = |name: &str| folder.join(name).metadata().unwrap().mode() & 0o100 != 0;
            let told =
                self.files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64, executable(name)));
            self.told = told.collect();
        }
    }
}

/// How we read the names of a zip.
struct Spelled<'a> {
    files: &'a Files,
    ignored: &'a [String],
}

impl Spelled<'_> {
    /// Whether an entry is a directory or one whose data nobody looks at.
    fn leaves_out(&self, name: &[u8]) -> bool {
        name.ends_with(b"/") || self.ignored.iter().any(|ignored| is(name, ignored))
    }

    /// Adds what another reader sees of an entry that is not left out.
    fn see(&self, files: &mut Files, raw: &[u8], bytes: Vec<u8>) {
        let exact = std::str::from_utf8(raw).ok().filter(|name| self.files.contains_key(*name));
        // In a code page several names can look the same; what they hold tells them apart.
        let alike = || {
            let of = |(name, content): &(&String, &Vec<u8>)| {
                is(raw, name) && **content == bytes && !files.contains_key(*name)
            };
            self.files.iter().find(of).map(|(name, _)| name.clone())
        };
        let name =
            exact.map(str::to_owned).or_else(alike).unwrap_or_else(|| panic!("another reader sees {raw:?}"));
        assert!(files.insert(name, bytes).is_none(), "another reader sees one name twice");
    }
}

/// Whether an entry's name is one that we read.
fn is(raw: &[u8], name: &str) -> bool {
    name.as_bytes() == raw || alike(raw, name)
}

/// Whether a name in a code page has the same letters where they are ASCII, and others in the places of others.
fn alike(raw: &[u8], name: &str) -> bool {
    let same = |(byte, letter): (&u8, char)| {
        if byte.is_ascii() { char::from(*byte) == letter } else { !letter.is_ascii() }
    };
    raw.len() == name.chars().count() && raw.iter().zip(name.chars()).all(same)
}

/// What the `zip` crate reads, by raw names.
fn seen_by_zip(bytes: &[u8], spelled: &Spelled<'_>) -> Files {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        if spelled.leaves_out(file.name_raw()) {
            continue;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        spelled.see(&mut files, file.name_raw(), bytes);
    }
    files
}

/// What `rawzip` reads, by raw names.
fn seen_by_rawzip(bytes: &[u8], spelled: &Spelled<'_>) -> Files {
    let archive = rawzip::ZipArchive::from_slice(bytes).unwrap();
    let mut files = Files::new();
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().unwrap() {
        let name = entry.file_path().as_bytes().to_vec();
        if spelled.leaves_out(&name) {
            continue;
        }
        let deflated = entry.compression_method() == rawzip::CompressionMethod::DEFLATE;
        let found = archive.get_entry(entry.wayfinder()).unwrap();
        let mut bytes = Vec::new();
        if deflated {
            flate2::read::DeflateDecoder::new(found.data()).read_to_end(&mut bytes).unwrap();
        } else {
            bytes.extend(found.data());
        }
        spelled.see(&mut files, &name, bytes);
    }
    files
}

fn built(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut zip = Zip::default();
    for _ in 0..u.int_in_range(0..=8_u8)? {
        zip.entries.push(entry(u)?);
    }
    let rarely = |u: &mut Unstructured<'_>| -> Result<Vec<u8>> {
        if u.ratio(1, 16)? { u.arbitrary() } else { Ok(Vec::new()) }
    };
    zip.prefix = rarely(u)?;
    zip.before_directory = rarely(u)?;
    zip.after_directory = rarely(u)?;
    zip.trailing = rarely(u)?;
    zip.comment = rarely(u)?;
    if u.ratio(1, 8)? {
        let (lies, count, at) = (u.ratio(1, 2)?, u.arbitrary()?, u.arbitrary()?);
        zip.end64 = Some(Box::new(move |end| {
            if lies {
                (end.entries, end.directory) = (count, at);
            }
        }));
        zip.end = Some(Box::new(|end| {
            (end.entries, end.entries_here, end.size, end.directory) =
                (u16::MAX, u16::MAX, u32::MAX, u32::MAX);
        }));
    }
    let mut bytes = zip.build();
    if u.ratio(1, 2)? {
        apply(&mut bytes, &Vec::<Edit>::arbitrary(u)?);
    }
    Ok(bytes)
}

fn entry(u: &mut Unstructured<'_>) -> Result<Entry> {
    let mut name = name(u)?;
    let directory = u.ratio(1, 6)?;
    if directory {
        name.push(b'/');
    }
    let mut bytes: Vec<u8> = if directory { Vec::new() } else { u.arbitrary()? };
    if u.ratio(1, 16)? {
        // A bomb: much out of little.
        bytes = bytes.repeat(u.int_in_range(1..=4096)?);
        bytes.truncate(256 << 10);
    }
    let mut entry = match (directory, u.arbitrary()?) {
        (true, _) => Entry::dir(name),
        (false, true) => Entry::file(name, bytes),
        (false, false) => Entry::stored(name, bytes),
    };
    entry.made_by = *u.choose(&[UNIX, UNIX, UNIX, DOS, 19 << 8 | 20, OTHER])?;
    if entry.made_by == OTHER {
        entry = in_code_page(entry);
    }
    if u.ratio(1, 4)? {
        entry =
            entry.descriptor(*u.choose(&[Form::Narrow, Form::NarrowSigned, Form::Wide, Form::WideSigned])?);
    }
    if u.ratio(1, 8)? {
        let (size, packed) = (entry.central.size.into(), entry.central.packed.into());
        entry = entry.both(|header| {
            header.extra = zip64(&[size, packed]);
            (header.size, header.packed) = (u32::MAX, u32::MAX);
        });
    }
    for _ in 0..u.int_in_range(0..=3_u8)? {
        lie(&mut entry, u)?;
    }
    Ok(entry)
}

/// The same, with a name in a code page that is spelled out beside it.
fn in_code_page(entry: Entry) -> Entry {
    let Ok(name) = String::from_utf8(entry.central.name.clone()) else { return entry };
    if name.is_ascii() {
        return entry;
    }
    let raw: Vec<u8> =
        name.chars().map(|letter| u8::try_from(letter).ok().filter(u8::is_ascii).unwrap_or(0x81)).collect();
    entry.both(|header| {
        header.flags &= !UTF8;
        header.extra = unicode_path(&raw, &name);
        header.name.clone_from(&raw);
    })
}

fn name(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    const PARTS: [&str; 24] = [
        "a",
        "b",
        "A",
        "src",
        "main.c",
        "é",
        "e\u{301}",
        "..",
        ".",
        "",
        "C:",
        "con",
        "nul.txt",
        "__MACOSX",
        ".DS_Store",
        "a\\b",
        "\u{ff0f}",
        "\u{202e}",
        "x.",
        "x ",
        "ß",
        "SS",
        "\u{2025}",
        "com\u{b9}",
    ];
    let mut parts = Vec::new();
    for _ in 0..u.int_in_range(1..=3_u8)? {
        parts.push(match u.int_in_range(0..=2_u8)? {
            0 => u.choose(&PARTS)?.as_bytes().to_vec(),
            1 => text::label(u, 8)?.into_bytes(),
            _ => u.arbitrary()?,
        });
    }
    if u.ratio(1, 32)? {
        parts.resize(u.int_in_range(1..=40)?, b"d".to_vec());
    }
    Ok(parts.join(&b'/'))
}

/// One thing that is not as it is.
fn lie(entry: &mut Entry, u: &mut Unstructured<'_>) -> Result<()> {
    let local = u.arbitrary()?;
    let other: Vec<u8> = if u.ratio(1, 2)? { name(u)? } else { u.arbitrary()? };
    let header = if local { &mut entry.local } else { &mut entry.central };
    match u.int_in_range(0..=15_u8)? {
        0 => header.flags ^= *u.choose(&[1, 2, 4, DESCRIPTOR, 1 << 5, 1 << 6, UTF8, 1 << 13])?,
        1 => header.method = *u.choose(&[0, 8, 9, 12, 93, 99])?,
        2 => header.crc = u.arbitrary()?,
        3 => header.packed = u.arbitrary()?,
        4 => header.size = header.size.wrapping_add(u.arbitrary::<i8>()? as u32),
        5 => header.name = other,
        6 => header.extra = extra(*u.choose(&[1, 0x7075, 0x5855, 0x756e, 0x000d, 0xcafe])?, &other),
        7 => header.extra = other,
        8 => entry.attributes = u32::from(u.arbitrary::<u16>()?) << 16 | u32::from(u.arbitrary::<u8>()?),
        9 => entry.disk = u.arbitrary()?,
        10 => entry.comment = other,
        11 => entry.data = other,
        12 => entry.behind = other,
        // Both headers agree on it, so only the data shows it.
        13 => {
            let crc = u.arbitrary()?;
            (entry.local.crc, entry.central.crc) = (crc, crc);
        }
        14 => entry.offset = Some(u.arbitrary::<u16>()?.into()),
        _ => (entry.in_body, entry.in_directory) = (u.arbitrary()?, u.arbitrary()?),
    }
    Ok(())
}
