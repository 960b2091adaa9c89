//! Row T11: what students leave behind goes away, and nothing else does.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use assay_untrusted::{Error, remove_tree};

use crate::{chain, fifo, folder, names, socket};

#[test]
fn whatever_has_the_name_is_removed() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::write(at("file"), "x").unwrap();
    fs::create_dir(at("empty")).unwrap();
    fs::create_dir_all(at("full/of/directories")).unwrap();
    fifo(&at("pipe"));
    socket(&at("socket"));
    symlink("full", at("link")).unwrap();
    for name in ["link", "file", "empty", "pipe", "socket", "full/of", "absent", "absent/too"] {
        remove_tree(&root, name).unwrap();
    }
    assert_eq!(names(path.path()), ["full"]);
    remove_tree(&root, "full").unwrap();
    assert_eq!(names(path.path()), Vec::<String>::new());
    assert!(matches!(remove_tree(&root, ""), Err(Error::BadPath { .. })));
    assert!(matches!(remove_tree(&root, "../x"), Err(Error::BadPath { .. })));
}

#[test]
fn links_lead_nowhere() {
    let (path, root) = folder();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), "x").unwrap();
    fs::create_dir_all(path.path().join("t/d")).unwrap();
    symlink(outside.path(), path.path().join("t/absolute")).unwrap();
    symlink("../..", path.path().join("t/d/up")).unwrap();
    symlink("t", path.path().join("way")).unwrap();
    assert!(remove_tree(&root, "way/d").is_err());
    remove_tree(&root, "t").unwrap();
    assert_eq!(names(path.path()), ["way"]);
    assert_eq!(names(outside.path()), ["precious"]);
}

#[test]
fn odd_names_and_closed_directories() {
    let (path, root) = folder();
    let at = |name: &[u8]| path.path().join("t").join(std::ffi::OsStr::from_bytes(name));
    fs::create_dir(path.path().join("t")).unwrap();
    for name in [&b"new\nline"[..], b"-rf", b"\xff\xfe", b"*", b" ", b"...", b"\x1b[2J"] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("file"), "x").unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    fs::set_permissions(at(b""), fs::Permissions::from_mode(0o000)).unwrap();
    remove_tree(&root, "t").unwrap();
    assert_eq!(names(path.path()), Vec::<String>::new());
}

#[test]
fn five_thousand_deep() {
    let (path, root) = folder();
    fs::create_dir(path.path().join("t")).unwrap();
    chain(&path.path().join("t"), 5_000);
    fs::write(path.path().join("t/d/d/d/side"), "x").unwrap();
    remove_tree(&root, "t").unwrap();
    assert_eq!(names(path.path()), Vec::<String>::new());
}

#[test]
fn wide_trees() {
    let (path, root) = folder();
    let top = path.path().join("t");
    fs::create_dir(&top).unwrap();
    for number in 0..100_000 {
        fs::File::create(top.join(format!("file-{number}"))).unwrap();
    }
    // More full directories than are remembered at once.
    for number in 0..2_000 {
        fs::create_dir(top.join(format!("d{number}"))).unwrap();
        fs::write(top.join(format!("d{number}/file")), "").unwrap();
    }
    remove_tree(&root, "t").unwrap();
    assert_eq!(names(path.path()), Vec::<String>::new());
}

#[test]
fn wide_and_deep_at_once() {
    let (path, root) = folder();
    let mut here = path.path().join("t");
    for level in 0..90 {
        fs::create_dir(&here).unwrap();
        for number in 0..5 {
            fs::create_dir(here.join(format!("side{number}"))).unwrap();
            fs::write(here.join(format!("side{number}/{level}")), "").unwrap();
        }
        here.push("d");
    }
    remove_tree(&root, "t").unwrap();
    assert_eq!(names(path.path()), Vec::<String>::new());
}

#[test]
fn directories_that_become_links_meanwhile_do_not_lead_out() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), "x").unwrap();
    for _ in 0..50 {
        let (path, root) = folder();
        let at = |name: &str| path.path().join("t").join(name);
        fs::create_dir(path.path().join("t")).unwrap();
        for number in 0..20 {
            fs::create_dir(at(&format!("d{number}"))).unwrap();
            fs::write(at(&format!("d{number}/precious")), "").unwrap();
        }
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for number in 0..20 {
                        // Any of these may fail: the tree is going away.
                        let _ = fs::rename(at(&format!("d{number}")), at("aside"));
                        let _ = symlink(outside.path(), at(&format!("d{number}")));
                        let _ = fs::remove_file(at(&format!("d{number}")));
                        let _ = fs::rename(at("aside"), at(&format!("d{number}")));
                    }
                }
            });
            let removed = remove_tree(&root, "t");
            done.store(true, Ordering::Relaxed);
            assert!(matches!(removed, Ok(()) | Err(Error::Changed { .. } | Error::Io { .. })), "{removed:?}");
        });
        assert_eq!(names(outside.path()), ["precious"]);
    }
}
