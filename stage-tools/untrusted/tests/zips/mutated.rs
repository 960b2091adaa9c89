//! Properties: what was packed is unpacked; what was damaged is refused or unchanged; what is accepted looks the same
//! to readers that are not ours.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use proptest::collection::vec;
use proptest::prelude::*;

use crate::builder::{Entry, Form, Zip};
use crate::{BUDGET, Files, try_unpack, unpacked};

/// Names that are fine together: each has its own folded form.
fn names() -> impl Strategy<Value = Vec<String>> {
    vec(vec("[a-z0-9_]{1,6}", 0..3), 1..8).prop_map(|paths| {
        paths
            .into_iter()
            .enumerate()
            .map(|(number, mut directories)| {
                directories.iter_mut().for_each(|directory| directory.insert(0, 'd'));
                directories.push(format!("f{number}-ä.txt"));
                directories.join("/")
            })
            .collect()
    })
}

fn pack(name: &str, bytes: &[u8], how: u8) -> Entry {
    let entry = if how & 1 == 0 { Entry::file(name, bytes) } else { Entry::stored(name, bytes) };
    match how >> 1 {
        1 => entry.descriptor(Form::Narrow),
        2 => entry.descriptor(Form::NarrowSigned),
        3 => entry.descriptor(Form::WideSigned),
        _ => entry,
    }
}

fn zips() -> impl Strategy<Value = (Files, Vec<u8>)> {
    let files = names().prop_flat_map(|names| {
        let count = names.len();
        (Just(names), vec((vec(any::<u8>(), 0..300), 0_u8..8), count), vec(any::<u8>(), 0..40))
    });
    files.prop_map(|(names, contents, comment)| {
        let entries = names.iter().zip(&contents).map(|(name, (bytes, how))| pack(name, bytes, *how));
        let mut zip = Zip::of(entries);
        zip.comment = comment;
        let files = names.iter().cloned().zip(contents.into_iter().map(|(bytes, _)| bytes)).collect();
        (files, zip.build())
    })
}

/// Damage: bytes changed, cut out, doubled or put in.
#[derive(Debug, Clone)]
enum Damage {
    Change(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Double(prop::sample::Index, usize),
    /// A field is overwritten with a value that often matters.
    Field(prop::sample::Index, u32),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), 1_u8..).prop_map(|(at, by)| Damage::Change(at, by)),
        1 => (at(), 1_usize..40).prop_map(|(at, length)| Damage::Cut(at, length)),
        1 => (at(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (at(), 1_usize..80).prop_map(|(at, length)| Damage::Double(at, length)),
        2 => (at(), prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0xffff), Just(0x0605_4b50), Just(0x0403_4b50)])
            .prop_map(|(at, value)| Damage::Field(at, value)),
    ]
}

fn apply(zip: &mut Vec<u8>, damage: &Damage) {
    if zip.is_empty() {
        return;
    }
    match damage {
        Damage::Change(at, by) => {
            let at = at.index(zip.len());
            zip[at] = zip[at].wrapping_add(*by);
        }
        Damage::Cut(at, length) => {
            let at = at.index(zip.len());
            zip.drain(at..zip.len().min(at + length));
        }
        Damage::Insert(at, bytes) => {
            let at = at.index(zip.len());
            zip.splice(at..at, bytes.iter().copied());
        }
        Damage::Double(at, length) => {
            let at = at.index(zip.len());
            let again = zip[at..zip.len().min(at + length)].to_vec();
            zip.splice(at..at, again);
        }
        Damage::Field(at, value) => {
            let at = at.index(zip.len());
            let end = zip.len().min(at + 4);
            zip[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
        }
    }
}

/// What the `zip` crate reads, by raw names; directories left out.
fn seen_by_zip(bytes: &[u8]) -> Files {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = String::from_utf8(file.name_raw().to_vec()).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        if !name.ends_with('/') {
            assert!(files.insert(name, bytes).is_none());
        }
    }
    files
}

/// What `rawzip` reads, by raw names; directories left out.
fn seen_by_rawzip(bytes: &[u8]) -> Files {
    let archive = rawzip::ZipArchive::from_slice(bytes).unwrap();
    let mut files = Files::new();
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().unwrap() {
        let name = String::from_utf8(entry.file_path().as_bytes().to_vec()).unwrap();
        let deflated = entry.compression_method() == rawzip::CompressionMethod::DEFLATE;
        let found = archive.get_entry(entry.wayfinder()).unwrap();
        let mut bytes = Vec::new();
        if deflated {
            flate2::read::DeflateDecoder::new(found.data()).read_to_end(&mut bytes).unwrap();
        } else {
            bytes.extend(found.data());
        }
        if !name.ends_with('/') {
            assert!(files.insert(name, bytes).is_none());
        }
    }
    files
}

proptest! {
    #[test]
    fn what_was_packed_is_unpacked((files, zip) in zips()) {
        // The comment is random: now and then it holds the mark of an end.
        prop_assume!(zip.windows(4).filter(|four| four == b"PK\x05\x06").count() == 1);
        prop_assert_eq!(unpacked(&zip), files);
    }

    #[test]
    fn damage_changes_nothing_or_is_refused((files, zip) in zips(), damages in vec(damage(), 1..4)) {
        let mut zip = zip;
        damages.iter().for_each(|damage| apply(&mut zip, damage));
        if let Ok((_, found)) = try_unpack(&zip, &BUDGET) {
            prop_assert_eq!(found, files);
        }
    }

    #[test]
    fn other_readers_see_the_same((_, zip) in zips(), damages in vec(damage(), 0..3)) {
        let mut zip = zip;
        damages.iter().for_each(|damage| apply(&mut zip, damage));
        if let Ok((unpacked, found)) = try_unpack(&zip, &BUDGET) {
            prop_assert!(unpacked.ignored.is_empty());
            prop_assert_eq!(&seen_by_zip(&zip), &found);
            prop_assert_eq!(&seen_by_rawzip(&zip), &found);
        }
    }

    #[test]
    fn any_bytes_at_all(bytes in vec(any::<u8>(), 0..2000)) {
        // Only that it comes back: `try_unpack` checks the rest.
        let _: Result<_, _> = try_unpack(&bytes, &BUDGET);
    }
}

#[test]
fn one_changed_byte_anywhere() {
    let zip = Zip::of([
        Entry::file("a.txt", "some text, some text"),
        Entry::dir("d/"),
        Entry::stored("d/b", "more").descriptor(Form::NarrowSigned),
    ])
    .build();
    let files = unpacked(&zip);
    let mut accepted = BTreeMap::new();
    for at in 0..zip.len() {
        for by in [1, 2, 4, 8, 16, 32, 64, 128] {
            let mut damaged = zip.clone();
            damaged[at] ^= by;
            if let Ok((_, found)) = try_unpack(&damaged, &BUDGET) {
                assert_eq!(found, files, "byte {at}, bit {by}");
                *accepted.entry(at).or_insert(0) += 1;
            }
        }
    }
    // Versions, times, effort flags, permissions and internal attributes of three entries, and nothing else.
    assert!(accepted.len() < 3 * 24, "{accepted:?}");
}
