//! Row F5: what is published appears whole, over nothing that it was not told to replace.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::time::Duration;

use assay_untrusted::{Error, Published};

use crate::{fifo, folder, names};

#[test]
fn a_new_file_appears_once() {
    let (path, root) = folder();
    assert_eq!(root.write_new("file", b"one", 0o640).unwrap(), Published::New);
    assert_eq!(root.write_new("file", b"one", 0o640).unwrap(), Published::AlreadyThere);
    for other in [&b"two"[..], b"on", b"one more", b""] {
        assert!(matches!(root.write_new("file", other, 0o640), Err(Error::Conflict { .. })));
    }
    assert_eq!(fs::read(path.path().join("file")).unwrap(), b"one");
    assert_eq!(path.path().join("file").metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(names(path.path()), ["file"]);
    assert!(matches!(root.write_new("absent/file", b"", 0o644), Err(Error::Missing { .. })));
    assert_eq!(root.write_new("empty", b"", 0o644).unwrap(), Published::New);
    assert_eq!(root.write_new("empty", b"", 0o644).unwrap(), Published::AlreadyThere);
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one() {
    let (path, root) = folder();
    root.replace("file", b"one", 0o600).unwrap();
    root.replace("file", b"two", 0o644).unwrap();
    assert_eq!(fs::read(path.path().join("file")).unwrap(), b"two");
    assert_eq!(path.path().join("file").metadata().unwrap().permissions().mode() & 0o7777, 0o644);
    assert_eq!(names(path.path()), ["file"]);
}

#[test]
fn planted_targets_are_neither_followed_nor_touched() {
    let (path, root) = folder();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "precious").unwrap();
    let at = |name: &str| path.path().join(name);
    symlink(outside.path(), at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    fifo(&at("pipe"));
    symlink("directory", at("way")).unwrap();
    let before = names(path.path());
    for name in ["link", "dangling"] {
        assert!(matches!(root.write_new(name, b"x", 0o644), Err(Error::Link { .. })), "{name}");
        assert!(matches!(root.replace(name, b"x", 0o644), Err(Error::Link { .. })), "{name}");
    }
    for name in ["directory", "pipe"] {
        assert!(matches!(root.write_new(name, b"x", 0o644), Err(Error::NotRegular { .. })), "{name}");
        assert!(matches!(root.replace(name, b"x", 0o644), Err(Error::NotRegular { .. })), "{name}");
    }
    assert!(root.write_new("way/x", b"x", 0o644).is_err());
    assert!(root.replace("way/x", b"x", 0o644).is_err());
    assert!(root.create_dirs("way/x", 0o755).is_err());
    assert!(root.create_dirs("link/x", 0o755).is_err());
    assert!(root.create_dirs("pipe/x", 0o755).is_err());
    assert_eq!(names(path.path()), before);
    assert_eq!(names(&at("directory")), Vec::<String>::new());
    assert_eq!(fs::read(outside.path()).unwrap(), b"precious");
}

#[test]
fn directories_get_exactly_their_mode_and_keep_it() {
    let (path, root) = folder();
    root.create_dirs("a/b", 0o777).unwrap().write_new("file", b"x", 0o666).unwrap();
    root.create_dirs("a/b/c", 0o700).unwrap();
    let mode = |name: &str| path.path().join(name).metadata().unwrap().mode() & 0o7777;
    assert_eq!([mode("a"), mode("a/b"), mode("a/b/c"), mode("a/b/file")], [0o777, 0o777, 0o700, 0o666]);
}

#[test]
fn what_is_laid_over_a_tree_wins() {
    let (path, root) = folder();
    let outside = tempfile::tempdir().unwrap();
    let at = |name: &str| path.path().join(name);
    fs::create_dir_all(at("tests/conftest.py/deep")).unwrap();
    fs::write(at("Makefile"), "student's").unwrap();
    fs::write(at("lib"), "a file where a directory must be").unwrap();
    symlink(outside.path(), at("include")).unwrap();
    symlink("Makefile", at("run.sh")).unwrap();
    for name in ["tests/conftest.py", "Makefile", "lib/a.c", "include/a.h", "run.sh", "new/deep/file"] {
        root.lay_over(name, b"author's", 0o644).unwrap();
        assert_eq!(fs::read(at(name)).unwrap(), b"author's", "{name}");
        assert!(at(name).symlink_metadata().unwrap().is_file(), "{name}");
    }
    assert_eq!(names(outside.path()), Vec::<String>::new());
}

#[test]
fn s12_a_second_name_that_a_dead_writer_left_is_taken_away() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::create_dir(at("d")).unwrap();
    fs::write(at("d/snapshot"), "whole").unwrap();
    // As on NFS, between `link` and `unlink`.
    fs::hard_link(at("d/snapshot"), at("d/.assay-unfinished-0123456789abcdef")).unwrap();
    fs::write(at("d/.assay-unfinished-4567"), "another's").unwrap();
    assert_eq!(root.read("d/snapshot", 100).unwrap(), b"whole");
    assert_eq!(names(&at("d")), [".assay-unfinished-4567", "snapshot"]);
    // Any other second name stays, and is refused.
    fs::hard_link(at("d/snapshot"), at("d/other")).unwrap();
    assert!(matches!(root.read("d/snapshot", 100), Err(Error::HardLinked { links: 2, .. })));
    assert_eq!(names(&at("d")), [".assay-unfinished-4567", "other", "snapshot"]);
}

#[test]
fn only_old_unfinished_files_are_swept() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::write(at(".assay-unfinished-0123"), "half").unwrap();
    fs::create_dir_all(at(".assay-unfinished-4567/d")).unwrap();
    fs::write(at("file"), "whole").unwrap();
    root.sweep_unfinished("", Duration::from_secs(3600)).unwrap();
    assert_eq!(names(path.path()).len(), 3);
    root.sweep_unfinished("", Duration::ZERO).unwrap();
    assert_eq!(names(path.path()), ["file"]);
}
