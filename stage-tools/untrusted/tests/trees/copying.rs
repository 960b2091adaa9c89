//! Rows S1 and S2, and copies of trees.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};

use assay_untrusted::{Budget, Error, Kind, Links, Published, copy_hashed, copy_tree, readable_by_all};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{BUDGET, chain, fifo, folder, names, socket};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file_of(bytes: &[u8]) -> File {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

#[test]
fn a_known_digest() {
    let (path, root) = folder();
    let copied = copy_hashed(file_of(b"abc"), &root, "copy", 3).unwrap();
    assert_eq!(copied.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(copied.size(), 3);
    assert_eq!(names(path.path()), Vec::<String>::new());
    assert_eq!(copied.commit().unwrap(), Published::New);
    assert_eq!(fs::read(path.path().join("copy")).unwrap(), b"abc");
    assert_eq!(path.path().join("copy").metadata().unwrap().mode() & 0o7777, 0o644);
    let again = copy_hashed(file_of(b"abc"), &root, "copy", 3).unwrap();
    assert_eq!(again.commit().unwrap(), Published::AlreadyThere);
    let other = copy_hashed(file_of(b"abd"), &root, "copy", 3).unwrap();
    assert!(matches!(other.commit(), Err(Error::Conflict { .. })));
    let longer = copy_hashed(file_of(b"abcd"), &root, "copy", 4).unwrap();
    assert!(matches!(longer.commit(), Err(Error::Conflict { .. })));
    assert_eq!(names(path.path()), ["copy"]);
}

#[test]
fn too_large_leaves_nothing() {
    let (path, root) = folder();
    assert!(matches!(copy_hashed(file_of(b"abcd"), &root, "copy", 3), Err(Error::TooLarge { limit: 3, .. })));
    // One that is longer than it says.
    let endless = File::open("/proc/self/environ").unwrap();
    assert!(matches!(copy_hashed(endless, &root, "copy", 1), Err(Error::TooLarge { .. })));
    drop(copy_hashed(file_of(b"abc"), &root, "copy", 3).unwrap());
    assert_eq!(names(path.path()), Vec::<String>::new());
}

#[test]
fn a_planted_target_is_refused() {
    let (path, root) = folder();
    symlink("/etc/passwd", path.path().join("link")).unwrap();
    fs::create_dir(path.path().join("directory")).unwrap();
    let copy = |name: &str| copy_hashed(file_of(b"abc"), &root, name, 3).unwrap().commit();
    assert!(matches!(copy("link"), Err(Error::Link { .. })));
    assert!(matches!(copy("directory"), Err(Error::NotRegular { kind: Kind::Directory, .. })));
    assert!(matches!(copy_hashed(file_of(b""), &root, "absent/x", 3), Err(Error::Missing { .. })));
}

#[test]
fn s2_what_was_hashed_is_what_was_copied_however_often_the_name_is_swapped() {
    let (path, root) = folder();
    let (good, bad) = (vec![b'g'; 300_000], vec![b'b'; 300_000]);
    let at = |name: &str| path.path().join(name);
    fs::write(at("zip"), &good).unwrap();
    fs::write(at("other"), &bad).unwrap();
    let digests = [sha256(&good), sha256(&bad)];
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut swaps = 0_u32;
            while !done.load(std::sync::atomic::Ordering::Relaxed) || swaps < 3_000 {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(rustix::fs::CWD, at("zip"), rustix::fs::CWD, at("other"), exchange)
                    .unwrap();
                swaps += 1;
            }
        });
        for _ in 0..300 {
            let source = root.open_file("zip").unwrap().file;
            let copied = copy_hashed(source, &root, "copy", 1 << 20).unwrap();
            let mut bytes = Vec::new();
            let mut copy = copied.file();
            copy.seek(SeekFrom::Start(0)).unwrap();
            copy.read_to_end(&mut bytes).unwrap();
            assert_eq!(sha256(&bytes), copied.sha256());
            assert!(digests.contains(&copied.sha256().to_owned()));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn s2_a_file_that_is_written_to_meanwhile_is_hashed_as_copied() {
    let (path, root) = folder();
    let at = path.path().join("zip");
    fs::write(&at, vec![0; 1 << 20]).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = fs::OpenOptions::new().write(true).open(&at).unwrap();
            let mut byte = 0_u8;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                byte = byte.wrapping_add(1);
                file.write_all_at(&[byte; 4096], 900_000).unwrap();
            }
        });
        for _ in 0..100 {
            let copied = copy_hashed(File::open(&at).unwrap(), &root, "copy", 1 << 20).unwrap();
            let mut bytes = vec![0; 1 << 20];
            copied.file().read_exact_at(&mut bytes, 0).unwrap();
            assert_eq!(sha256(&bytes), copied.sha256());
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_bytes_are_copied_as_they_are(length in 0_usize..400_000, seed in any::<u8>()) {
        let bytes: Vec<u8> = (0..length).map(|at| (at as u8).wrapping_mul(31) ^ seed).collect();
        let (path, root) = folder();
        let copied = copy_hashed(file_of(&bytes), &root, "copy", length as u64).unwrap();
        prop_assert_eq!(copied.sha256(), sha256(&bytes));
        copied.commit().unwrap();
        prop_assert_eq!(fs::read(path.path().join("copy")).unwrap(), bytes);
    }
}

#[test]
fn a_tree_is_copied_with_plain_modes() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::create_dir_all(at("from/a/b")).unwrap();
    fs::create_dir(at("from/empty")).unwrap();
    fs::write(at("from/a/b/run"), vec![7; 200_000]).unwrap();
    fs::set_permissions(at("from/a/b/run"), fs::Permissions::from_mode(0o4700)).unwrap();
    fs::write(at("from/a/data"), "data").unwrap();
    fs::set_permissions(at("from/a/data"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::hard_link(at("from/a/data"), at("from/again")).unwrap();
    fs::write(at("from/new\nline"), "").unwrap();
    copy_tree(&root, "from", &root, "to", Links::Refuse, BUDGET).unwrap();
    let mode = |name: &str| at(name).metadata().unwrap().mode() & 0o7777;
    assert_eq!(fs::read(at("to/a/b/run")).unwrap(), vec![7; 200_000]);
    assert_eq!(fs::read(at("to/a/data")).unwrap(), b"data");
    assert_eq!(
        [mode("to/a/b/run"), mode("to/a/data"), mode("to/a"), mode("to")],
        [0o755, 0o644, 0o755, 0o755]
    );
    assert_eq!(at("to/again").metadata().unwrap().nlink(), 1);
    assert_eq!(names(&at("to")), ["a", "again", "empty", "new\nline"]);
    let again = copy_tree(&root, "from", &root, "to", Links::Refuse, BUDGET);
    assert!(matches!(again, Err(Error::Conflict { .. })));
    assert_eq!(names(path.path()), ["from", "to"]);
}

#[test]
fn links_are_kept_as_they_are_or_refused() {
    let (path, root) = folder();
    fs::create_dir(path.path().join("from")).unwrap();
    for (name, target) in [("passwd", "/etc/passwd"), ("up", "../.."), ("self", "self")] {
        symlink(target, path.path().join("from").join(name)).unwrap();
    }
    let refused = copy_tree(&root, "from", &root, "to", Links::Refuse, BUDGET);
    assert!(matches!(refused, Err(Error::Link { .. })));
    assert_eq!(names(path.path()), ["from"]);
    copy_tree(&root, "from", &root, "to", Links::Keep, BUDGET).unwrap();
    let target = |name: &str| fs::read_link(path.path().join("to").join(name)).unwrap();
    assert_eq!(
        [target("passwd"), target("up"), target("self")],
        ["/etc/passwd", "../..", "self"].map(std::path::PathBuf::from)
    );
    let from_link = copy_tree(&root, "to/up", &root, "elsewhere", Links::Keep, BUDGET);
    assert!(from_link.is_err());
}

#[test]
fn special_files_and_too_much_leave_nothing() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    let refused = |budget| {
        let error = copy_tree(&root, "from", &root, "to", Links::Keep, budget).unwrap_err();
        assert_eq!(names(path.path()), ["from"]);
        error
    };
    fs::create_dir(at("from")).unwrap();
    fs::write(at("from/a"), "x").unwrap();
    fifo(&at("from/pipe"));
    assert!(matches!(refused(BUDGET), Error::NotRegular { kind: Kind::Fifo, .. }));
    fs::remove_file(at("from/pipe")).unwrap();
    socket(&at("from/socket"));
    assert!(matches!(refused(BUDGET), Error::NotRegular { kind: Kind::Socket, .. }));
    fs::remove_file(at("from/socket")).unwrap();
    File::create(at("from/giant")).unwrap().set_len(1 << 41).unwrap();
    assert!(matches!(refused(BUDGET), Error::TooLarge { .. }));
    fs::remove_file(at("from/giant")).unwrap();
    assert!(matches!(refused(Budget { entries: 0, ..BUDGET }), Error::TooMany { limit: 0, .. }));
    assert!(matches!(refused(Budget { bytes: 0, ..BUDGET }), Error::TooLarge { limit: 0, .. }));
    chain(&at("from"), 300);
    assert!(matches!(refused(Budget { depth: 200, ..BUDGET }), Error::TooDeep { limit: 200, .. }));
    copy_tree(&root, "from", &root, "to", Links::Keep, BUDGET).unwrap();
    let deep: std::path::PathBuf = std::iter::repeat_n("d", 300).collect();
    assert!(at("to").join(deep).join("bottom").is_file());
}

#[test]
fn everything_becomes_readable_and_nothing_else() {
    let (path, root) = folder();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let at = |name: &str| path.path().join(name);
    let set = |name: &str, mode| fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir_all(at("t/closed/inner")).unwrap();
    fs::write(at("t/closed/inner/file"), "x").unwrap();
    fs::write(at("t/run"), "x").unwrap();
    symlink(outside.path(), at("t/link")).unwrap();
    fifo(&at("t/pipe"));
    set("t/closed/inner/file", 0o000);
    set("t/run", 0o4100);
    set("t/closed/inner", 0o000);
    set("t/closed", 0o000);
    set("t", 0o000);
    fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o600)).unwrap();
    readable_by_all(&root, "t", BUDGET).unwrap();
    let mode = |name: &str| at(name).symlink_metadata().unwrap().mode() & 0o7777;
    assert_eq!(["t", "t/closed", "t/closed/inner"].map(mode), [0o755; 3]);
    assert_eq!(["t/closed/inner/file", "t/run", "t/pipe"].map(mode), [0o644, 0o755, 0o600]);
    assert_eq!(outside.path().metadata().unwrap().mode() & 0o7777, 0o600);
    set("t/run", 0o600);
    readable_by_all(&root, "", BUDGET).unwrap();
    assert_eq!(["t/run", ""].map(mode), [0o644, 0o755]);
    assert!(matches!(readable_by_all(&root, "", Budget { depth: 1, ..BUDGET }), Err(Error::TooDeep { .. })));
    assert!(matches!(
        readable_by_all(&root, "", Budget { entries: 3, ..BUDGET }),
        Err(Error::TooMany { .. })
    ));
}
