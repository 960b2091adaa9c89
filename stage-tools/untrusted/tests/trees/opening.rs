//! Rows T3 and R4: a file that is read may be anything by the time we look.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use assay_untrusted::{Error, HardLinks, Kind, Root};

use crate::{fifo, folder, names, socket};

#[test]
fn a_regular_file_is_opened_and_read() {
    let (path, root) = folder();
    fs::create_dir(path.path().join("d")).unwrap();
    fs::write(path.path().join("d/file"), "content").unwrap();
    fs::set_permissions(path.path().join("d/file"), fs::Permissions::from_mode(0o640)).unwrap();
    let opened = root.open_file("d/file").unwrap();
    assert_eq!((opened.size, opened.mode), (7, 0o640));
    assert_eq!(root.read("d/file", 7).unwrap(), b"content");
    assert_eq!(root.dir("d").unwrap().read("file", 100).unwrap(), b"content");
    assert_eq!(root.kind("d").unwrap(), Some(Kind::Directory));
    assert_eq!(root.kind("absent/x").unwrap(), None);
}

#[test]
fn a_read_is_whole_or_refused() {
    let (path, root) = folder();
    fs::write(path.path().join("file"), "12345678").unwrap();
    assert!(matches!(root.read("file", 7), Err(Error::TooLarge { limit: 7, .. })));
    assert!(matches!(root.read("file", 0), Err(Error::TooLarge { .. })));
    assert_eq!(root.read("file", 8).unwrap().len(), 8);
    // A sparse giant is refused after as many bytes as are allowed.
    File::create(path.path().join("giant")).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(root.read("giant", 1 << 16), Err(Error::TooLarge { .. })));
}

#[test]
fn everything_else_is_refused_by_name_and_never_blocks() {
    let (path, root) = folder();
    fs::create_dir(path.path().join("directory")).unwrap();
    fifo(&path.path().join("pipe"));
    socket(&path.path().join("socket"));
    symlink("/etc/passwd", path.path().join("link")).unwrap();
    symlink("/etc", path.path().join("etc")).unwrap();
    symlink("loop", path.path().join("loop")).unwrap();
    fs::write(path.path().join("two"), "x").unwrap();
    fs::hard_link(path.path().join("two"), path.path().join("names")).unwrap();
    let refused = |name: &str| root.read(name, 100).unwrap_err();
    assert!(matches!(refused("directory"), Error::NotRegular { kind: Kind::Directory, .. }));
    assert!(matches!(refused("pipe"), Error::NotRegular { kind: Kind::Fifo, .. }));
    assert!(matches!(refused("socket"), Error::NotRegular { kind: Kind::Socket, .. }));
    for link in ["link", "etc/passwd", "loop"] {
        assert!(matches!(refused(link), Error::Link { .. }), "{link}");
    }
    assert!(matches!(refused("two"), Error::HardLinked { links: 2, .. }));
    assert!(root.open_file_with("two", HardLinks::Allow).is_ok());
    assert!(matches!(refused("absent"), Error::Missing { .. }));
    assert!(matches!(refused("two/x"), Error::NotADirectory { .. }));
    for path in ["../x", "/etc/passwd", "a/../two", ""] {
        let error = root.read(path, 100).unwrap_err();
        assert!(matches!(error, Error::BadPath { .. } | Error::NotRegular { .. }), "{path} {error:?}");
    }
    assert!(matches!(root.dir("etc"), Err(Error::Link { .. } | Error::NotADirectory { .. })));
    assert!(matches!(root.dir("two"), Err(Error::NotADirectory { .. })));
}

#[test]
fn another_mount_is_refused() {
    let root = Root::open(Path::new("/")).unwrap();
    assert!(matches!(root.read("proc/version", 1000), Err(Error::OtherMount { .. })));
    assert!(matches!(root.list("proc", 1_000_000), Err(Error::OtherMount { .. })));
}

#[test]
fn a_listing_is_sorted_and_bounded() {
    let (path, root) = folder();
    for name in ["b", "a", "new\nline", "c"] {
        fs::write(path.path().join(name), "").unwrap();
    }
    fs::create_dir(path.path().join("d")).unwrap();
    let listed: Vec<_> = root
        .list("", 5)
        .unwrap()
        .into_iter()
        .map(|(name, kind)| (name.into_string().unwrap(), kind))
        .collect();
    let expected = [
        ("a", Kind::Regular),
        ("b", Kind::Regular),
        ("c", Kind::Regular),
        ("d", Kind::Directory),
        ("new\nline", Kind::Regular),
    ];
    assert_eq!(listed, expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert!(matches!(root.list("", 4), Err(Error::TooMany { limit: 4, .. })));
}

#[test]
fn a_file_that_is_swapped_all_the_time_is_never_followed() {
    let (path, root) = folder();
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "secret").unwrap();
    let at = |name: &str| path.path().join(name);
    fs::write(at("results"), "mine").unwrap();
    symlink(secret.path(), at("link")).unwrap();
    let read = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Swaps file and link until the reader is done.
            while !read.load(std::sync::atomic::Ordering::Relaxed) {
                fs::rename(at("results"), at("kept")).unwrap();
                fs::rename(at("link"), at("results")).unwrap();
                fs::rename(at("results"), at("link")).unwrap();
                fs::rename(at("kept"), at("results")).unwrap();
            }
        });
        for _ in 0..5_000 {
            match root.read("results", 100) {
                Ok(bytes) => assert_eq!(bytes, b"mine"),
                Err(error) => {
                    assert!(matches!(error, Error::Missing { .. } | Error::Link { .. }), "{error:?}")
                }
            }
        }
        read.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(names(path.path()), ["link", "results"]);
}
