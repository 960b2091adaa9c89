//! Walking and measuring, within a budget.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use assay_untrusted::{Budget, Error, Kind, measure, walk};

use crate::{BUDGET, chain, fifo, folder, socket};

#[test]
fn everything_is_told_once_in_order() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::create_dir_all(at("t/b/c")).unwrap();
    fs::write(at("t/b/c/file"), "1234").unwrap();
    fs::write(at("t/a"), "12").unwrap();
    fs::hard_link(at("t/a"), at("t/z")).unwrap();
    symlink("/etc", at("t/link")).unwrap();
    fifo(&at("t/pipe"));
    socket(&at("t/socket"));
    let told: Vec<_> = walk(&root, "t", BUDGET)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.path.into_os_string().into_string().unwrap(), entry.kind)
        })
        .collect();
    let expected = [
        ("a", Kind::Regular),
        ("b", Kind::Directory),
        ("b/c", Kind::Directory),
        ("b/c/file", Kind::Regular),
        ("link", Kind::Symlink),
        ("pipe", Kind::Fifo),
        ("socket", Kind::Socket),
        ("z", Kind::Regular),
    ];
    assert_eq!(told, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let file = walk(&root, "t", BUDGET).unwrap().next().unwrap().unwrap();
    assert_eq!((file.size, file.links), (2, 2));
}

#[test]
fn each_limit_ends_the_walk() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::create_dir_all(at("a/b")).unwrap();
    fs::write(at("a/file"), "1234").unwrap();
    let fits = Budget { entries: 3, depth: 2, bytes: 4 };
    let outcome = |budget| walk(&root, "", budget)?.collect::<Result<Vec<_>, Error>>();
    assert_eq!(outcome(fits).unwrap().len(), 3);
    assert!(matches!(outcome(Budget { entries: 2, ..fits }), Err(Error::TooMany { limit: 2, .. })));
    assert!(matches!(outcome(Budget { depth: 1, ..fits }), Err(Error::TooDeep { limit: 1, .. })));
    assert!(matches!(outcome(Budget { bytes: 3, ..fits }), Err(Error::TooLarge { limit: 3, .. })));
    let mut over = walk(&root, "", Budget { bytes: 3, ..fits }).unwrap();
    assert!(over.any(|entry| entry.is_err()));
    assert!(over.next().is_none());
}

#[test]
fn a_deep_tree_needs_few_open_directories() {
    let (path, root) = folder();
    chain(path.path(), 3_000);
    // Far fewer than the tree is deep; only this process's own count is looked at.
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let mut most = 0;
    let mut entries = 0;
    for (number, entry) in walk(&root, "", BUDGET).unwrap().enumerate() {
        entry.unwrap();
        entries += 1;
        if number % 500 == 0 {
            most = most.max(open());
        }
    }
    assert_eq!(entries, 3_001);
    assert!(most < 1_000, "{most}");
}

#[test]
fn a_closed_directory_ends_a_walk_and_is_counted_when_measuring() {
    let (path, root) = folder();
    let closed = path.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(path.path().join("file"), "x").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read it all the same.
    let may_not = fs::read_dir(&closed).is_err();
    let measured = measure(&root, "", BUDGET).unwrap();
    assert_eq!((measured.entries, measured.unreadable), (2, u64::from(may_not)));
    let walked = walk(&root, "", BUDGET).unwrap().collect::<Result<Vec<_>, _>>();
    assert_eq!(matches!(walked, Err(Error::Denied { .. })), may_not);
}

#[test]
fn what_occupies_the_disk_is_measured() {
    let (path, root) = folder();
    let at = |name: &str| path.path().join(name);
    fs::create_dir(at("d")).unwrap();
    fs::write(at("d/full"), vec![1; 100_000]).unwrap();
    File::create(at("sparse")).unwrap().set_len(1 << 30).unwrap();
    let measured = measure(&root, "", BUDGET).unwrap();
    assert_eq!((measured.entries, measured.unreadable), (3, 0));
    assert!((100_000..1 << 20).contains(&measured.on_disk), "{measured:?}");
    assert!(matches!(measure(&root, "", Budget { bytes: 1 << 20, ..BUDGET }), Err(Error::TooLarge { .. })));
    assert!(matches!(measure(&root, "d/full", BUDGET), Err(Error::NotADirectory { .. })));
}
