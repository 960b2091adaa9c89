//! What is accepted, odd as it may be.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use assay_untrusted::zip::{Budget, Failure, unpack};
use assay_untrusted::{Error, Root};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::builder::{DOS, Entry, Form, UNIX, UTF8, Zip, extra, unicode_path, zip64};
use crate::{BUDGET, code, files, on_disk, try_unpack, unpacked};

#[test]
fn files_directories_and_bytes() {
    let zip = Zip::of([
        Entry::dir("src/"),
        Entry::file("src/main.c", "int main(void) {}\n"),
        Entry::stored("README", "stored"),
        Entry::file("a/b/c/empty", ""),
        Entry::stored("a/empty", ""),
        Entry::dir("left/empty/"),
    ]);
    let expected =
        [("src/main.c", "int main(void) {}\n"), ("README", "stored"), ("a/b/c/empty", ""), ("a/empty", "")];
    assert_eq!(unpacked(&zip.build()), files(expected));
}

#[test]
fn a_directory_without_files_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    let zip = Zip::of([Entry::dir("left/empty/"), Entry::file("x", "x")]).build();
    unpack(&on_disk(&zip), &root, "tree", &BUDGET).unwrap();
    assert!(folder.path().join("tree/left/empty").is_dir());
}

#[test]
fn modes_are_reduced_to_whether_the_owner_may_execute() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    let zip = Zip::of([
        Entry::file("suid", "x").mode(0o104_755),
        Entry::file("sgid", "x").mode(0o102_666),
        Entry::file("sticky", "x").mode(0o101_000),
        Entry::file("other", "x").mode(0o100_011),
        Entry::file("dos", "x").mode(0o100_755).with(|entry| entry.made_by = DOS),
        Entry::dir("d/").mode(0o047_777),
    ]);
    let unpacked = unpack(&on_disk(&zip.build()), &root, "tree", &BUDGET).unwrap();
    let executable: Vec<_> =
        unpacked.files.iter().filter(|file| file.executable).map(|file| file.path.as_str()).collect();
    assert_eq!(executable, ["suid"]);
    let modes = ["dos", "other", "sgid", "sticky", "suid", "d", ""].map(|name| {
        let metadata = folder.path().join("tree").join(name).metadata().unwrap();
        metadata.permissions().mode() & 0o7777
    });
    assert_eq!(modes, [0o644, 0o644, 0o644, 0o644, 0o755, 0o755, 0o755]);
}

#[test]
fn data_descriptors_of_all_forms() {
    for form in [Form::Narrow, Form::NarrowSigned, Form::Wide, Form::WideSigned] {
        let zip = Zip::of([
            Entry::file("a", "aaaa").descriptor(form),
            Entry::stored("b", "bbbb").descriptor(form),
            Entry::file("c", "cccc"),
        ]);
        assert_eq!(unpacked(&zip.build()), files([("a", "aaaa"), ("b", "bbbb"), ("c", "cccc")]), "{form:?}");
        // The header may also say already what the descriptor will.
        let zip = Zip::of([Entry::file("a", "aaaa").descriptor(form).with(|entry| {
            entry.local.crc = entry.central.crc;
            entry.local.packed = entry.central.packed;
            entry.local.size = entry.central.size;
        })]);
        assert_eq!(unpacked(&zip.build()), files([("a", "aaaa")]), "{form:?}");
    }
}

#[test]
fn comments_of_the_zip_and_of_entries() {
    let zip = Zip::of([Entry::file("a", "x").with(|entry| entry.comment = b"hello".to_vec())]);
    let zip = zip.with(|zip| zip.comment = vec![0xa5; 65_535]);
    assert_eq!(unpacked(&zip.build()), files([("a", "x")]));
}

#[test]
fn a_nested_zip_stays_a_file() {
    let inner = Zip::of([Entry::file("inner", "x")]).build();
    let zip = Zip::of([Entry::stored("inner.zip", &inner), Entry::file("a", "x")]).build();
    assert_eq!(unpacked(&zip)["inner.zip"], inner);
}

#[test]
fn sixty_four_bit_records_that_agree() {
    let wide = |entry: &mut Entry| {
        let (size, packed) = (entry.central.size.into(), entry.central.packed.into());
        entry.local.extra = zip64(&[size, packed]);
        (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
        entry.central.extra = zip64(&[size, packed]);
        (entry.central.size, entry.central.packed) = (u32::MAX, u32::MAX);
    };
    let zip = Zip::of([Entry::file("a", "x").with(wide), Entry::file("b", "y")]);
    assert_eq!(unpacked(&zip.build()), files([("a", "x"), ("b", "y")]));

    let zip = zip.with(|zip| zip.end64 = Some(Box::new(|_| {})));
    assert_eq!(unpacked(&zip.build()), files([("a", "x"), ("b", "y")]));

    let zip = zip.with(|zip| {
        zip.end = Some(Box::new(|end| {
            (end.entries, end.entries_here, end.size, end.directory) =
                (u16::MAX, u16::MAX, u32::MAX, u32::MAX);
        }));
    });
    assert_eq!(unpacked(&zip.build()), files([("a", "x"), ("b", "y")]));
}

#[test]
fn a_streamed_entry_with_a_wide_header() {
    let zip = Zip::of([Entry::file("a", "x").descriptor(Form::WideSigned).with(|entry| {
        (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
        entry.local.extra = zip64(&[0, 0]);
    })]);
    assert_eq!(unpacked(&zip.build()), files([("a", "x")]));
}

#[test]
fn names_in_other_scripts() {
    let name = "übung/文件.txt";
    let flagged = Zip::of([Entry::file(name, "x")]).build();
    assert_eq!(unpacked(&flagged), files([(name, "x")]));
    // macOS writes UTF-8 without saying so.
    let unflagged = Entry::file(name, "x").both(|header| header.flags &= !UTF8);
    assert_eq!(unpacked(&Zip::of([unflagged.clone()]).build()), files([(name, "x")]));
    // From DOS and Windows the same bytes could be any code page.
    assert_eq!(code(&Zip::of([unflagged.with(|entry| entry.made_by = DOS)]).build()), "bad-name");
    let cp437 = Entry::file(b"\x81bung.txt", "x");
    for flags in [0, UTF8] {
        assert_eq!(code(&Zip::of([cp437.clone().both(|header| header.flags = flags)]).build()), "bad-name");
    }
}

#[test]
fn a_name_in_a_code_page_that_is_spelled_out_beside_it() {
    let named = |name: &[u8], of: &[u8], path: &str| {
        let field = unicode_path(of, path);
        Entry::file(name, "x")
            .both(|header| (header.flags, header.extra) = (0, field.clone()))
            .with(|e| e.made_by = DOS)
    };
    let good = named(b"\x81bung.c", b"\x81bung.c", "übung.c");
    assert_eq!(unpacked(&Zip::of([good.clone()]).build()), files([("übung.c", "x")]));
    // It is of another name, says other letters, leads elsewhere, or stands in one header.
    for (what, entry, expected) in [
        ("of another", named(b"\x81bung.c", b"\x82bung.c", "übung.c"), "header-mismatch"),
        ("ASCII differs", named(b"\x81bung.c", b"\x81bung.c", "übung.h"), "header-mismatch"),
        ("ASCII for a letter", named(b"\x81\x82.c", b"\x81\x82.c", "a/.c"), "header-mismatch"),
        ("length", named(b"\x81.c", b"\x81.c", "üü.c"), "header-mismatch"),
        ("a slash of a kind", named(b"a\x81b.c", b"a\x81b.c", "a\u{ff0f}b.c"), "path-traversal"),
        ("flagged", good.clone().both(|header| header.flags = UTF8), "bad-name"),
        (
            "clear by itself",
            named("ü.c".as_bytes(), "ü.c".as_bytes(), "üü.c").with(|e| e.made_by = UNIX),
            "header-mismatch",
        ),
        ("not in the header", good.clone().with(|entry| entry.local.extra.clear()), "header-mismatch"),
        ("not in the directory", good.clone().with(|entry| entry.central.extra.clear()), "bad-name"),
    ] {
        assert_eq!(code(&Zip::of([entry]).build()), expected, "{what}");
    }
    // Names clash by what they are spelled out as.
    let other = named(b"\x9abung.c", b"\x9abung.c", "Übung.c");
    assert_eq!(code(&Zip::of([good.clone(), other]).build()), "case-collision");
    assert_eq!(code(&Zip::of([good, Entry::file("übung.c", "y")]).build()), "duplicate-name");
}

#[test]
fn data_that_its_packer_flushed_now_and_then() {
    let text: Vec<u8> = (0..400_000_u32).map(|n| b"abcdefgh \n"[(n % 97 % 10) as usize]).collect();
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
    for piece in text.chunks(8_192) {
        packer.write_all(piece).unwrap();
        packer.flush().unwrap();
    }
    let data = packer.finish().unwrap();
    let entry = Entry::file("a", &text)
        .both(|header| header.packed = data.len() as u32)
        .with(|entry| entry.data = data.clone());
    // Small files have a block each.
    let small = (0..90).map(|n| Entry::file(format!("{n}"), "x"));
    let all = unpacked(&Zip::of([entry].into_iter().chain(small)).build());
    assert_eq!(all.get("a"), Some(&text));
}

#[test]
fn extra_fields_that_do_not_matter() {
    let mut fields = extra(0x5455, &[3, 0, 0, 0, 0, 0, 0, 0, 0]);
    fields.extend(extra(0x7875, &[1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
    fields.extend(extra(0xcafe, &[0; 300]));
    fields.extend(unicode_path(b"a", "a"));
    let zip = Zip::of([Entry::file("a", "x").both(|header| header.extra.clone_from(&fields))]);
    assert_eq!(unpacked(&zip.build()), files([("a", "x")]));
}

#[test]
fn junk_of_file_managers_is_ignored_and_listed() {
    let zip = Zip::of([
        Entry::file("a", "x"),
        Entry::dir("__MACOSX/"),
        Entry::file("__MACOSX/._a", "resource"),
        Entry::file("sub/.DS_Store", "x"),
        Entry::file("__macosx", "a file of that name is one"),
    ]);
    let (told, on_disk) = try_unpack(&zip.build(), &BUDGET).unwrap();
    assert_eq!(told.ignored, ["__MACOSX/", "__MACOSX/._a", "sub/.DS_Store"]);
    assert_eq!(on_disk.keys().collect::<Vec<_>>(), ["__macosx", "a"]);
}

#[test]
fn a_deflated_directory() {
    let entry = Entry::file("d/", "").mode(0o040_755);
    let zip = Zip::of([entry, Entry::file("d/a", "x")]);
    assert_eq!(unpacked(&zip.build()), files([("d/a", "x")]));
}

#[test]
fn exactly_at_every_limit() {
    let entries = [Entry::file("a/b", "12345678"), Entry::file("c", "1234"), Entry::dir("d/")];
    let zip = Zip::of(entries).build();
    let directory_bytes = 3 * 46 + 6;
    let fits = Budget { unpacked_bytes: 12, files: 2, entries: 4, directory_bytes, depth: 2, name_bytes: 3 };
    assert!(try_unpack(&zip, &fits).is_ok());
    for (budget, code) in [
        (Budget { unpacked_bytes: 11, ..fits }, "too-large"),
        (Budget { files: 1, ..fits }, "too-many-files"),
        (Budget { entries: 2, ..fits }, "too-many-files"),
        (Budget { entries: 3, ..fits }, "too-many-files"),
        (Budget { directory_bytes: directory_bytes - 1, ..fits }, "large-directory"),
        (Budget { depth: 1, ..fits }, "too-deep"),
        (Budget { name_bytes: 2, ..fits }, "name-too-long"),
    ] {
        assert_eq!(try_unpack(&zip, &budget).unwrap_err().code(), code);
    }
}

#[test]
fn what_is_there_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    std::fs::create_dir(folder.path().join("tree")).unwrap();
    let zip = on_disk(&Zip::of([Entry::file("a", "x")]).build());
    let result = unpack(&zip, &root, "tree", &BUDGET);
    assert!(matches!(result, Err(Failure::Failed(Error::Conflict { .. }))), "{result:?}");
    assert_eq!(std::fs::read_dir(folder.path().join("tree")).unwrap().count(), 0);
}

#[test]
fn only_a_regular_file_can_be_a_zip() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    let directory = std::fs::File::open(folder.path()).unwrap();
    let result = unpack(&directory, &root, "tree", &BUDGET);
    assert!(matches!(result, Err(Failure::Failed(Error::NotRegular { .. }))), "{result:?}");
}
