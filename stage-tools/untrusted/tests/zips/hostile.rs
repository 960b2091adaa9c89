//! What is refused, and by which code: rows S3 to S11 of the threat table.

use std::io::{Seek as _, SeekFrom, Write as _};

use assay_untrusted::Root;
use assay_untrusted::zip::{Budget, Failure, unpack};

use crate::builder::{
    DESCRIPTOR, DOS, End, Entry, Form, Header, UTF8, Zip, deflated, extra, unicode_path, zip64,
};
use crate::{BUDGET, code, on_disk, try_unpack};

fn one(entry: Entry) -> &'static str {
    code(&Zip::of([entry]).build())
}

fn two(first: Entry, second: Entry) -> &'static str {
    code(&Zip::of([first, second]).build())
}

fn a() -> Entry {
    Entry::file("a", "some text, some text, some text")
}

#[test]
fn s3_names_that_lead_out() {
    for name in [
        "../x",
        "a/../../x",
        "a/..",
        "..",
        ".",
        "./x",
        "a/./b",
        "/etc/passwd",
        "/",
        "//x",
        "C:/x",
        "c:x",
        "C:\\x",
        "..\\x",
        "a\\b",
        "\u{ff0e}\u{ff0e}/x",
        "a\u{ff0f}..\u{ff0f}x",
        "../",
        "a/../",
    ] {
        assert_eq!(one(Entry::file(name, "x")), "path-traversal", "{name:?}");
    }
    for name in ["", "a//b", "a//", "x/ /y"] {
        assert_eq!(one(Entry::file(name, "x")), "bad-name", "{name:?}");
    }
}

#[test]
fn s4_links() {
    for target in ["/etc/passwd", "../x", "a", "/proc/self/environ"] {
        assert_eq!(one(Entry::stored("link", target).mode(0o120_777)), "link-entry", "{target}");
    }
    let link = || Entry::stored("d", "/tmp").mode(0o120_777);
    assert_eq!(two(link(), Entry::file("d/x", "x")), "link-entry");
    assert_eq!(two(Entry::file("d/x", "x"), link()), "link-entry");
    // Some readers look at the mode whatever system the entry claims to be from.
    assert_eq!(one(link().with(|entry| entry.made_by = DOS)), "link-entry");
    assert_eq!(one(a().with(|entry| entry.attributes |= 0x400)), "link-entry");
    let hard = extra(0x000d, b"\0\0\0\0\0\0\0\0\0\0\0\0/etc/passwd");
    assert_eq!(one(a().with(|entry| entry.central.extra = hard.clone())), "link-entry");
    assert_eq!(one(a().with(|entry| entry.local.extra = hard)), "link-entry");
    assert_eq!(one(a().both(|header| header.extra = extra(0x756e, &[0; 14]))), "special-file");
}

#[test]
fn s5_special_files() {
    for mode in [0o010_644, 0o020_644, 0o060_644, 0o140_644, 0o170_644, 0o030_644] {
        assert_eq!(one(Entry::stored("special", "x").mode(mode)), "special-file", "{mode:o}");
    }
    let label = Entry::stored("LABEL", "").with(|entry| (entry.made_by, entry.attributes) = (DOS, 8));
    assert_eq!(one(label), "special-file");
}

#[test]
fn s6_bombs_stop_at_the_limit() {
    let zeros = vec![0; 8 << 20];
    assert_eq!(one(Entry::file("bomb", &zeros)), "too-large");
    // Declared small: stopped when the bytes come out.
    let lies = |size| Entry::file("bomb", &zeros).both(|header: &mut Header| header.size = size);
    for size in [0, 10, 1 << 19] {
        assert_eq!(one(lies(size)), "header-mismatch", "{size}");
    }
    assert_eq!(one(lies(1 << 20)), "too-large");
    // Declared high: never comes true.
    assert_eq!(one(a().both(|header| header.size += 1)), "header-mismatch");
    assert_eq!(one(a().both(|header| header.size = u32::MAX)), "too-large");
    let sum: Vec<_> = (0..5).map(|n| Entry::file(format!("f{n}"), &zeros[..300 << 10])).collect();
    assert_eq!(code(&Zip::of(sum).build()), "too-large");
}

#[test]
fn s6_overlapping_entries() {
    // One kernel, many names.
    let kernel = Entry::file("a", vec![0; 100_000]);
    let again = kernel.clone().with(|entry| {
        entry.in_body = false;
        entry.central.name = b"b".to_vec();
        entry.offset = Some(0);
    });
    assert_eq!(two(kernel, again), "overlap");

    // Quoted: the data of the first holds the header of the second.
    let inner = Entry::stored("b", "bb");
    let quoted = Zip::of([inner.clone()]).build();
    let outer = Entry::stored("a", &quoted[..33]);
    let inside = inner.with(|entry| {
        entry.in_body = false;
        entry.offset = Some(31);
    });
    assert_eq!(two(outer, inside), "overlap");

    // Reaches into the directory.
    let long = a().both(|header| header.packed += 20);
    assert_eq!(one(long), "overlap");
    assert_eq!(one(a().both(|header| header.packed = u32::MAX - 1)), "overlap");
    assert_eq!(one(a().both(|header| header.packed = u32::MAX)), "overlap");
    let far = |offset| Entry::file("b", "x").with(|entry| entry.offset = Some(offset));
    assert_eq!(two(a(), far(u32::MAX)), "header-mismatch");
    assert_eq!(two(a(), far(150)), "header-mismatch");
}

#[test]
fn s7_a_million_entries_are_refused_unread() {
    let zip = Zip::of([a()]).with(|zip| {
        zip.end64 = Some(Box::new(|end| (end.entries, end.entries_here) = (1_000_000, 1_000_000)));
        zip.end = Some(Box::new(|end| (end.entries, end.entries_here) = (u16::MAX, u16::MAX)));
    });
    assert_eq!(code(&zip.build()), "too-many-files");
    // Real ones, of which the end tells few.
    let many = (0..1_000).map(|n| Entry::stored(format!("{n}"), ""));
    let zip = Zip::of(many).with(|zip| {
        zip.end = Some(Box::new(|end| (end.entries, end.entries_here) = (3, 3)));
    });
    assert_eq!(code(&zip.build()), "header-mismatch");
}

#[test]
fn s7_directories_count_whether_they_have_entries_or_not() {
    let deep = (0..100).map(|n| Entry::stored(format!("{n}/b/c/d/e/f/g/h"), ""));
    assert_eq!(code(&Zip::of(deep).build()), "too-many-files");
}

#[test]
fn s7_a_large_directory_is_refused_unread() {
    let padded = |n| Entry::stored(format!("{n}"), "").with(|entry| entry.comment = vec![b'x'; 60_000]);
    assert_eq!(code(&Zip::of((0..3).map(padded)).build()), "large-directory");
}

#[test]
fn s7_depth_and_length() {
    assert_eq!(one(Entry::file(vec!["d"; 33].join("/"), "x")), "too-deep");
    assert_eq!(one(Entry::file(vec!["d"; 10_000].join("/"), "x")), "name-too-long");
    assert_eq!(one(Entry::file("x".repeat(256), "x")), "bad-name");
    assert_eq!(one(Entry::file("x".repeat(65_535), "x")), "name-too-long");
    // One letter that is eighteen where names are compared.
    let letters = |count| ["\u{fdfa}".repeat(count), "\u{fdfa}".repeat(count)].join("/");
    assert_eq!(one(Entry::file(letters(15), "x")), "accepted");
    assert_eq!(one(Entry::file(letters(16), "x")), "name-too-long");
    assert_eq!(one(Entry::stored(format!("__MACOSX/{}", letters(16)), "x")), "name-too-long");
    assert_eq!(one(Entry::file("x".repeat(255), "x")), "accepted");
}

#[test]
fn s8_names_that_are_one() {
    assert_eq!(two(a(), a()), "duplicate-name");
    assert_eq!(two(Entry::dir("d/"), Entry::dir("d/")), "duplicate-name");
    assert_eq!(two(Entry::file("d/x", ""), Entry::dir("d/")), "accepted");
    for (first, second) in [
        ("A", "a"),
        ("D/x", "d/y"),
        ("d/X", "d/x"),
        ("é", "e\u{301}"),
        ("ﬁ", "fi"),
        ("ａ", "a"),
        ("straße", "STRASSE"),
        ("K", "\u{212a}"),
    ] {
        assert_eq!(
            two(Entry::file(first, "1"), Entry::file(second, "2")),
            "case-collision",
            "{first} {second}"
        );
    }
    assert_eq!(two(Entry::dir("D/"), Entry::file("d", "")), "case-collision");
    assert_eq!(two(Entry::file("d", ""), Entry::file("d/x", "")), "file-and-directory");
    assert_eq!(two(Entry::file("d/x", ""), Entry::file("d", "")), "file-and-directory");
    assert_eq!(two(Entry::dir("d/"), Entry::file("d", "")), "file-and-directory");
    assert_eq!(two(Entry::file("d", ""), Entry::dir("d/")), "file-and-directory");
}

#[test]
fn s8_names_that_mislead() {
    for name in [
        "a.",
        "a ",
        "a./b",
        "CON",
        "con.txt",
        "x/NUL",
        "com1.c",
        "a\u{202e}txt.exe",
        "a\u{200b}b",
        "a\u{200d}",
        "\u{feff}a",
        "a\nb",
        "a\x07",
        "a\0b",
        "a\x1b]8;;x",
        "a\u{85}",
        "a\u{2028}b",
        "a\u{ad}",
    ] {
        assert_eq!(one(Entry::file(name, "x")), "bad-name", "{name:?}");
    }
    let invalid = Entry::file(b"a\xff\xfe", "x");
    assert_eq!(one(invalid.clone().both(|header| header.flags |= UTF8)), "bad-name");
    let message = try_unpack(&Zip::of([invalid]).build(), &BUDGET).unwrap_err().to_string();
    assert!(message.contains("a\\xff\\xfe"), "{message}");
}

#[test]
fn s9_headers_that_disagree() {
    type Change = fn(&mut Header);
    let changes: [(&str, Change); 8] = [
        ("name", |header| header.name = b"b".to_vec()),
        ("longer name", |header| header.name = b"ab".to_vec()),
        ("method", |header| header.method = 0),
        ("crc", |header| header.crc ^= 1),
        ("packed", |header| header.packed -= 1),
        ("size", |header| header.size -= 1),
        ("utf8", |header| header.flags ^= UTF8),
        ("descriptor", |header| header.flags ^= DESCRIPTOR),
    ];
    for (what, change) in changes {
        let local = one(a().with(|entry| change(&mut entry.local)));
        assert_eq!(local, "header-mismatch", "{what}, local");
        let central = one(a().with(|entry| change(&mut entry.central)));
        assert!(["header-mismatch", "hidden-data"].contains(&central), "{what}, central: {central}");
    }
    let wrong = a().with(|entry| entry.local.name.clear());
    assert_eq!(one(wrong), "header-mismatch");
    assert_eq!(two(a(), Entry::file("b", "x").with(|entry| entry.offset = Some(3))), "overlap");
}

#[test]
fn s9_attributes_that_contradict_the_name() {
    assert_eq!(one(Entry::file("d", "x").mode(0o040_755)), "header-mismatch");
    assert_eq!(one(Entry::dir("d/").mode(0o100_644)), "header-mismatch");
    assert_eq!(one(Entry::file("d", "x").with(|entry| entry.attributes |= 0x10)), "header-mismatch");
    assert_eq!(one(Entry::stored("d/", "data").mode(0o040_755)), "directory-with-data");
}

#[test]
fn s9_descriptors_that_disagree() {
    for form in [Form::Narrow, Form::NarrowSigned, Form::Wide, Form::WideSigned] {
        let good = a().descriptor(form);
        for at in 0..good.behind.len() {
            let bad = good.clone().with(|entry| entry.behind[at] ^= 1);
            assert_eq!(one(bad), "header-mismatch", "{form:?} {at}");
        }
        assert_eq!(one(good.clone().with(|entry| entry.local.size = 1)), "header-mismatch");
        let longer = good.clone().with(|entry| entry.behind.push(0));
        assert!(["header-mismatch", "hidden-data"].contains(&one(longer)), "{form:?}");
        let shorter = good.with(|entry| entry.behind.truncate(11));
        assert_eq!(one(shorter), "header-mismatch", "{form:?}");
    }
    // Its length alone does not make a gap a descriptor.
    assert_eq!(one(a().with(|entry| entry.behind = vec![0; 16])), "hidden-data");
    assert_eq!(one(a().descriptor(Form::Narrow).with(|entry| entry.behind.extend([0; 64]))), "hidden-data");
}

#[test]
fn s9_hidden_entries() {
    let hidden = || Entry::file("hidden", "x").with(|entry| entry.in_directory = false);
    assert_eq!(two(a(), hidden()), "hidden-data");
    assert_eq!(two(hidden(), a()), "prefix-data");
    assert_eq!(code(&Zip::of([a(), hidden(), Entry::file("b", "x")]).build()), "hidden-data");
    let zip = Zip::of([a()]).with(|zip| zip.before_directory = b"PK\x03\x04 anything".to_vec());
    assert_eq!(code(&zip.build()), "hidden-data");
    let ghost = Entry::file("ghost", "x").with(|entry| entry.in_body = false);
    assert!(["overlap", "header-mismatch"].contains(&two(a(), ghost)));
}

#[test]
fn s9_bytes_before_and_behind() {
    assert_eq!(code(&Zip::of([a()]).with(|zip| zip.prefix = b"#!/bin/sh\n".to_vec()).build()), "prefix-data");
    assert_eq!(
        code(&Zip::of([a()]).with(|zip| zip.after_directory = b"PK\x05\x05\0\0".to_vec()).build()),
        "prefix-data"
    );
    assert_eq!(code(&Zip::of([a()]).with(|zip| zip.trailing = b"x".to_vec()).build()), "trailing-data");
    // So much that the end is out of reach.
    assert_eq!(code(&Zip::of([a()]).with(|zip| zip.trailing = vec![0; 1 << 20]).build()), "truncated");
    let zip = Zip::of([a()]).with(|zip| {
        zip.comment = b"comment".to_vec();
        zip.end = Some(Box::new(|end| end.comment_length = 3));
    });
    assert_eq!(code(&zip.build()), "trailing-data");
}

#[test]
fn s9_two_ends() {
    let inner = Zip::of([Entry::file("other", "x")]).build();
    // A whole zip in the comment: a reader from the front sees one, a reader from behind the other.
    let zip = Zip::of([a()]).with(|zip| zip.comment.clone_from(&inner));
    assert_eq!(code(&zip.build()), "two-ends");
    // Only the mark.
    let zip = Zip::of([a()])
        .with(|zip| zip.comment = b"say PK\x05\x06 twice, PK\x05\x06 please, and then some more".to_vec());
    assert_eq!(code(&zip.build()), "two-ends");
    // An earlier end whose comment reaches over the real one.
    let bytes = Zip::of([a()]).build();
    let early = End {
        disk: 0,
        directory_disk: 0,
        entries_here: 0,
        entries: 0,
        size: 0,
        directory: 0,
        comment_length: 0,
        comment: Vec::new(),
    };
    let mut zip = Zip::of([a(), Entry::stored("end", early.bytes())]);
    let at = zip.build().windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let rest = zip.build().len() - at - 22;
    zip.entries[1] = Entry::stored("end", End { comment_length: rest as u16, ..early }.bytes());
    assert_eq!(code(&zip.build()), "two-ends");
    assert_eq!(code(&[bytes.clone(), bytes].concat()), "prefix-data");
}

#[test]
fn s9_ends_that_lie() {
    let with_end =
        |lie: fn(&mut End)| code(&Zip::of([a()]).with(|zip| zip.end = Some(Box::new(lie))).build());
    assert_eq!(with_end(|end| end.entries = 2), "split-archive");
    assert_eq!(with_end(|end| (end.entries, end.entries_here) = (2, 2)), "header-mismatch");
    assert_eq!(with_end(|end| (end.entries, end.entries_here) = (0, 0)), "header-mismatch");
    assert_eq!(with_end(|end| end.disk = 1), "split-archive");
    assert_eq!(with_end(|end| end.directory_disk = 1), "split-archive");
    assert_eq!(with_end(|end| end.size -= 1), "prefix-data");
    assert_eq!(with_end(|end| end.size += 1), "header-mismatch");
    assert_eq!(with_end(|end| end.directory += 1), "header-mismatch");
    assert_eq!(with_end(|end| end.directory = u32::MAX), "header-mismatch");
    // Shifted, so that the sum is right.
    assert_eq!(
        with_end(|end| (end.directory, end.size) = (end.directory - 1, end.size + 1)),
        "header-mismatch"
    );
    assert_eq!(
        with_end(|end| (end.directory, end.size) = (end.directory + 46, end.size - 46)),
        "header-mismatch"
    );
    assert_eq!(with_end(|end| end.comment_length = 9), "truncated");
}

#[test]
fn s9_wide_ends_that_lie() {
    type Lie = fn(&mut crate::builder::End64);
    let lies: [(&str, Lie, &str); 9] = [
        ("entries", |end| (end.entries, end.entries_here) = (2, 2), "header-mismatch"),
        ("entries here", |end| end.entries_here = 9, "header-mismatch"),
        ("size", |end| end.size += 1, "header-mismatch"),
        ("directory", |end| end.directory = 0, "header-mismatch"),
        ("offset", |end| end.offset += 1, "header-mismatch"),
        ("disks", |end| end.disks = 2, "split-archive"),
        ("disk", |end| end.disk = 1, "header-mismatch"),
        ("extensible data", |end| (end.rest, end.between) = (52, vec![0; 8]), "header-mismatch"),
        ("far away", |end| end.offset = u64::MAX, "header-mismatch"),
    ];
    for (what, lie, expected) in lies {
        let zip = Zip::of([a()]).with(|zip| zip.end64 = Some(Box::new(lie)));
        assert_eq!(code(&zip.build()), expected, "{what}");
    }
    // Nothing but a locator.
    let locator = [&b"PK\x06\x07"[..], &[0; 12], &[1, 0, 0, 0]].concat();
    let zip = Zip::of([a()]).with(|zip| zip.after_directory = locator);
    assert_eq!(code(&zip.build()), "header-mismatch");
    // Everything said by the wide end alone, and wrong.
    let zip = Zip::of([a()]).with(|zip| {
        zip.end64 = Some(Box::new(|end| end.directory = u64::MAX));
        zip.end = Some(Box::new(|end| end.directory = u32::MAX));
    });
    assert_eq!(code(&zip.build()), "header-mismatch");
}

#[test]
fn s9_extra_fields_that_lie() {
    let sizes = |entry: &Entry| (u64::from(entry.central.size), u64::from(entry.central.packed));
    let (size, packed) = sizes(&a());
    let bad = [
        ("two of them", [zip64(&[size, packed]), zip64(&[size, packed])].concat()),
        ("short", zip64(&[size])),
        ("long", zip64(&[size, packed, 0])),
        ("overrun", vec![1, 0, 200, 0, 1]),
        ("tail", [zip64(&[size, packed]), vec![0]].concat()),
    ];
    for (what, extra) in bad {
        let wide = a().both(|header| {
            (header.size, header.packed) = (u32::MAX, u32::MAX);
            header.extra.clone_from(&extra);
        });
        assert_eq!(one(wide), "header-mismatch", "{what}");
    }
    // Not pointed to: some readers would use it.
    assert_eq!(one(a().both(|header| header.extra = zip64(&[1, 1]))), "header-mismatch");
    assert_eq!(one(a().with(|entry| entry.local.extra = zip64(&[size, packed]))), "header-mismatch");
    let offset = a().with(|entry| {
        entry.offset = Some(u32::MAX);
        entry.central.extra = zip64(&[u64::MAX]);
    });
    assert_eq!(one(offset), "header-mismatch");
    // Another name in the Unicode path.
    let path = unicode_path(b"a", "../x");
    assert_eq!(one(a().with(|entry| entry.central.extra.clone_from(&path))), "header-mismatch");
    assert_eq!(one(a().with(|entry| entry.local.extra.clone_from(&path))), "header-mismatch");
    assert_eq!(one(a().with(|entry| entry.local.extra = extra(0x7075, b""))), "header-mismatch");
}

#[test]
fn s10_data_that_is_wrong() {
    assert_eq!(one(a().both(|header| header.crc ^= 1)), "bad-checksum");
    assert_eq!(one(Entry::stored("a", "x").both(|header| header.crc ^= 1)), "bad-checksum");
    // A large one is taken back; many small ones are looked at before any is made.
    let large = vec![7; 100_000];
    for (count, bytes) in [(2, &*large), (90, b"small")] {
        let mut entries: Vec<_> = (0..count).map(|n| Entry::stored(format!("d{n}/f"), bytes)).collect();
        let last = entries.pop().unwrap().both(|header| header.crc ^= 1);
        assert_eq!(code(&Zip::of(entries.into_iter().chain([last])).build()), "bad-checksum");
    }
    let bytes = b"some text that is long enough to be cut in the middle of it";
    let mut cut = deflated(bytes);
    cut.truncate(cut.len() / 2);
    let entry = |data: Vec<u8>| {
        Entry::file("a", bytes)
            .both(|header| header.packed = data.len() as u32)
            .with(|entry| entry.data = data.clone())
    };
    assert_eq!(one(entry(cut)), "truncated");
    assert_eq!(one(entry(Vec::new())), "truncated");
    assert_eq!(one(entry(vec![0xff; 20])), "bad-data");
    assert_eq!(one(entry([deflated(bytes), vec![0]].concat())), "header-mismatch");
    assert_eq!(one(Entry::stored("a", "abc").both(|header| header.size = 2)), "header-mismatch");
    assert_eq!(one(Entry::stored("a", "abc").both(|header| header.size = 4)), "header-mismatch");
}

#[test]
fn s6_data_in_more_blocks_than_packers_make() {
    // Blocks of nothing, and a last one.
    let in_blocks = |count: usize| {
        let data = [[0, 0, 0, 0xff, 0xff].repeat(count), vec![1, 0, 0, 0xff, 0xff]].concat();
        Entry::file(format!("{count}"), "")
            .both(|header| header.packed = data.len() as u32)
            .with(|entry| entry.data = data.clone())
    };
    assert_eq!(one(in_blocks(900)), "accepted");
    assert_eq!(one(in_blocks(1_200)), "many-blocks");
    // They are those of the whole zip.
    assert_eq!(code(&Zip::of([400, 500, 600].map(in_blocks)).build()), "many-blocks");
}

#[test]
fn s10_methods_flags_and_passwords() {
    for method in [1, 6, 9, 12, 14, 93, 95, 98, 99, u16::MAX] {
        assert_eq!(one(a().both(|header| header.method = method)), "unknown-method", "{method}");
    }
    for bit in [0, 6, 13] {
        assert_eq!(one(a().both(|header| header.flags |= 1 << bit)), "encrypted", "{bit}");
    }
    for bit in [4, 5, 7, 8, 9, 10, 12, 14, 15] {
        assert_eq!(one(a().both(|header| header.flags |= 1 << bit)), "unknown-flag", "{bit}");
    }
    assert_eq!(one(a().with(|entry| entry.disk = 1)), "split-archive");
}

#[test]
fn s10_a_zip_that_breaks_off_anywhere_is_refused() {
    let zip = Zip::of([a(), Entry::stored("b", "bbb").descriptor(Form::NarrowSigned)]).build();
    for length in 0..zip.len() {
        let code = code(&zip[..length]);
        let expected = if length < 4 { "not-a-zip" } else { "truncated" };
        assert_eq!(code, expected, "{length} of {}", zip.len());
    }
}

#[test]
fn s11_nothing_to_grade() {
    for entries in [
        vec![],
        vec![Entry::dir("d/"), Entry::dir("d/e/")],
        vec![Entry::dir("__MACOSX/"), Entry::file("__MACOSX/._a", "x"), Entry::file(".DS_Store", "x")],
    ] {
        assert_eq!(code(&Zip::of(entries).build()), "empty");
    }
    assert_eq!(code(b""), "not-a-zip");
    assert_eq!(code(b"just text, no zip at all"), "not-a-zip");
    assert_eq!(code(&vec![0; 200_000]), "not-a-zip");
}

#[test]
fn s11_a_huge_sparse_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    let mut zip = on_disk(b"");
    zip.seek(SeekFrom::Start(1 << 40)).unwrap();
    zip.write_all(&Zip::of([a()]).build()).unwrap();
    match unpack(&zip, &root, "tree", &BUDGET) {
        Err(Failure::Refused(refusal)) => assert_eq!(refusal.code(), "prefix-data"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn junk_is_not_a_hiding_place() {
    assert_eq!(two(a(), Entry::file("__MACOSX/../x", "x")), "path-traversal");
    assert_eq!(two(a(), Entry::stored("__MACOSX/link", "/").mode(0o120_777)), "link-entry");
    assert_eq!(two(a(), Entry::file(".DS_Store", "x").with(|entry| entry.local.crc = 1)), "header-mismatch");
    let junk = (0..400).map(|n| Entry::stored(format!("__MACOSX/{n}"), ""));
    let tight = Budget { entries: 400, ..BUDGET };
    assert_eq!(
        try_unpack(&Zip::of([a()].into_iter().chain(junk)).build(), &tight).unwrap_err().code(),
        "too-many-files"
    );
}
