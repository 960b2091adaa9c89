//! Trees: whatever lies in one, walking, measuring, copying, changing and removing it stays within its budget, does what
//! it says or nothing, and touches nothing beside it.
//!
//! An input is a list of things to be made, and a list of what is then done to them. What lies where is read a second
//! time here, by plain paths, which nobody races.

mod hostile;
mod seen;

use std::fs;
use std::path::{Path, PathBuf};

use arbitrary::{Arbitrary, Result, Unstructured};
use assay_untrusted::{
    Budget, Entry, Error, HardLinks, Kind, Links, Root, copy_hashed, copy_tree, measure, readable_by_all,
    remove_tree, rename_dir, walk,
};

use crate::scratch;
use hostile::{Make, Where};
use seen::{Seen, Tree, names_in, seen};

const TREE: &str = "tree";
const COPY: &str = "copy";
const OUTSIDE: &str = "outside";

/// What is done to a tree.
#[derive(Debug, Arbitrary)]
enum Act {
    Walk(Small),
    Measure(Small),
    Copy(Small, bool),
    Readable(Small),
    LayOver(Where, Vec<u8>),
    Replace(Where, Vec<u8>),
    WriteNew(Where, Vec<u8>),
    CreateDirs(Where),
    Read(Where, u16),
    List(Where, u8),
    CopyHashed(Where, u16),
    Rename(Where, Where),
    Remove(Where),
}

/// A budget near the sizes that trees have here.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Small {
    entries: u8,
    depth: u8,
    bytes: u16,
}

impl Small {
    fn budget(self) -> Budget {
        let Small { entries, depth, bytes } = self;
        // Half of them with room for everything.
        let or_all = |value: u64, of: u8| if of.is_multiple_of(2) { value } else { 1 << 40 };
        Budget {
            entries: or_all(u64::from(entries) / 8, entries),
            depth: or_all(u64::from(depth) / 16, depth),
            bytes: or_all(bytes.into(), bytes.to_le_bytes()[0]),
        }
    }
}

/// Checks one input.
pub fn check(data: &[u8]) {
    _ = run(&mut Unstructured::new(data));
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let bench = Bench::new();
    for _ in 0..u.int_in_range(0..=12_u8)? {
        Make::arbitrary(u)?.make(&bench.path.join(TREE));
    }
    let outside = seen(&bench.path.join(OUTSIDE));
    for _ in 0..u.int_in_range(1..=6_u8)? {
        bench.act(Act::arbitrary(u)?);
        assert_eq!(seen(&bench.path.join(OUTSIDE)), outside, "the outside changed");
        assert_eq!(names_in(&bench.path), [OUTSIDE, TREE], "something was left beside the tree");
    }
    remove_tree(&bench.root, TREE).unwrap();
    assert_eq!(names_in(&bench.path), [OUTSIDE]);
    assert_eq!(seen(&bench.path.join(OUTSIDE)), outside, "the outside changed");
    Ok(())
}

struct Bench {
    path: PathBuf,
    root: Root,
    _kept: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let kept = scratch::folder();
        let path = kept.path().to_owned();
        fs::create_dir(path.join(TREE)).unwrap();
        fs::create_dir_all(path.join(OUTSIDE).join("a")).unwrap();
        fs::write(path.join(OUTSIDE).join("secret"), "as it was").unwrap();
        Bench { root: Root::open(&path).unwrap(), path, _kept: kept }
    }

    fn seen(&self) -> Tree {
        seen(&self.path.join(TREE))
    }

    fn act(&self, act: Act) {
        match act {
            Act::Walk(small) => self.walk(small.budget()),
            Act::Measure(small) => self.measure(small.budget()),
            Act::Copy(small, true) => self.copy(small.budget(), Links::Keep),
            Act::Copy(small, false) => self.copy(small.budget(), Links::Refuse),
            Act::Readable(small) => self.readable(small.budget()),
            Act::LayOver(at, bytes) => {
                let at = at.below(TREE);
                match self.root.lay_over(&at, &bytes, 0o644) {
                    Ok(()) => self.holds(&at, &bytes),
                    Err(error) => assert!(matches!(error, Error::BadPath { .. }), "{error:?}"),
                }
            }
            Act::Replace(at, bytes) => {
                let at = at.below(TREE);
                self.or_nothing(&at, self.root.replace(&at, &bytes, 0o644).map(|()| self.holds(&at, &bytes)));
            }
            Act::WriteNew(at, bytes) => {
                let (at, before) = (at.below(TREE), self.seen());
                if self.root.write_new(&at, &bytes, 0o644).is_ok() {
                    self.holds_bytes(&at, &bytes);
                } else {
                    assert_eq!(self.seen(), before, "a write that failed changed something");
                }
            }
            Act::CreateDirs(at) => {
                let at = at.below(TREE);
                if self.root.create_dirs(&at, 0o755).is_ok() {
                    assert!(self.is_real(&at) && self.path.join(&at).symlink_metadata().unwrap().is_dir());
                }
            }
            Act::Read(at, cap) => self.read(&at.below(TREE), cap.into()),
            Act::List(at, most) => self.list(&at.below(TREE), most.into()),
            Act::CopyHashed(at, cap) => self.copy_hashed(&at.below(TREE), cap.into()),
            Act::Rename(from, to) => {
                let (from, to, before) = (from.below(TREE), to.below(TREE), self.seen());
                if rename_dir(&self.root, &from, &to).is_ok() {
                    assert!(self.is_real(&to) && self.path.join(&to).symlink_metadata().unwrap().is_dir());
                    assert_eq!(self.seen().len(), before.len());
                } else {
                    assert_eq!(self.seen(), before, "a renaming that failed changed something");
                }
            }
            Act::Remove(at) => {
                let at = at.below(TREE);
                if at == Path::new(TREE) {
                    return;
                }
                match remove_tree(&self.root, &at) {
                    Ok(()) => {
                        assert!(self.path.join(&at).symlink_metadata().is_err(), "{at:?} is still there")
                    }
                    Err(error) => {
                        let parent = at.parent().unwrap();
                        let reachable = self.is_real(parent) && self.path.join(parent).is_dir();
                        assert!(!reachable || matches!(error, Error::BadPath { .. }), "{error:?}");
                    }
                }
            }
        }
    }

    /// Whether every part of a path is a directory or file itself, and no link.
    fn is_real(&self, rel: &Path) -> bool {
        let above = rel.ancestors().filter(|path| !path.as_os_str().is_empty());
        above.enumerate().all(|(level, path)| {
            let found = self.path.join(path).symlink_metadata();
            found.is_ok_and(|found| found.is_dir() || (level == 0 && found.is_file()))
        })
    }

    fn holds_bytes(&self, rel: &Path, bytes: &[u8]) {
        assert!(self.is_real(rel), "{rel:?}");
        assert_eq!(fs::read(self.path.join(rel)).unwrap(), bytes);
    }

    fn holds(&self, rel: &Path, bytes: &[u8]) {
        self.holds_bytes(rel, bytes);
        let Seen { kind, mode, links, .. } = Seen::of(&self.path.join(rel));
        assert_eq!((kind, mode, links), (Kind::Regular, 0o644, 1));
    }

    fn or_nothing(&self, rel: &Path, result: std::result::Result<(), Error>) {
        if let Err(error) = result {
            let a_file = self.path.join(rel).symlink_metadata().is_ok_and(|found| found.is_file());
            assert!(!(a_file && self.is_real(rel)) || matches!(error, Error::BadPath { .. }), "{error:?}");
        }
    }

    fn read(&self, rel: &Path, cap: u64) {
        match self.root.read(rel, cap) {
            Ok(bytes) => {
                assert!(bytes.len() as u64 <= cap);
                self.holds_bytes(rel, &bytes);
                assert_eq!(Seen::of(&self.path.join(rel)).links, 1);
            }
            Err(error) if self.is_real(rel) => {
                let Seen { kind, links, size, .. } = Seen::of(&self.path.join(rel));
                let reason = kind != Kind::Regular
                    || links != 1
                    || size > cap
                    || matches!(error, Error::BadPath { .. });
                assert!(reason, "{error:?}");
            }
            Err(_) => {}
        }
        if let Ok(opened) = self.root.open_file_with(rel, HardLinks::Allow) {
            assert!(self.is_real(rel) && opened.file.metadata().unwrap().is_file());
        }
    }

    fn list(&self, rel: &Path, most: u64) {
        if let Ok(names) = self.root.list(rel, most) {
            assert!(self.is_real(rel) && names.len() as u64 <= most);
            let expected = fs::read_dir(self.path.join(rel)).unwrap().map(|entry| entry.unwrap().file_name());
            let mut expected: Vec<_> = expected.collect();
            expected.sort_unstable();
            assert!(names.iter().map(|(name, _)| name).eq(&expected));
            for (name, kind) in names {
                assert_eq!(Seen::of(&self.path.join(rel).join(name)).kind, kind);
            }
        }
    }

    fn copy_hashed(&self, rel: &Path, cap: u64) {
        let Ok(opened) = self.root.open_file_with(rel, HardLinks::Allow) else { return };
        let bytes = fs::read(self.path.join(rel)).unwrap();
        match copy_hashed(opened.file, &self.root, COPY, cap) {
            Ok(copied) => {
                let expected: String = <sha2::Sha256 as sha2::Digest>::digest(&bytes)
                    .iter()
                    .map(|b| format!("{b:02x}"))
                    .collect();
                assert_eq!((copied.sha256(), copied.size()), (expected.as_str(), bytes.len() as u64));
                assert!(copied.size() <= cap);
                copied.commit().unwrap();
                self.holds(Path::new(COPY), &bytes);
                fs::remove_file(self.path.join(COPY)).unwrap();
            }
            Err(error) => {
                assert!(matches!(error, Error::TooLarge { .. }) && bytes.len() as u64 > cap, "{error:?}")
            }
        }
    }

    fn walk(&self, budget: Budget) {
        let tree = self.seen();
        let walked: std::result::Result<Vec<Entry>, Error> =
            walk(&self.root, TREE, budget).and_then(|walk| walk.collect());
        match walked {
            Ok(entries) => {
                assert!(seen::fits(&tree, budget), "a walk passed its budget");
                let told = entries.into_iter().map(|entry| {
                    let Entry { path, kind, size, on_disk, mode, links } = entry;
                    (path, (kind, size, on_disk, mode, links))
                });
                let expected = tree.into_iter().map(|(path, seen)| {
                    let Seen { kind, size, on_disk, mode, links, content: _ } = seen;
                    (path, (kind, size, on_disk, mode, links))
                });
                assert!(told.eq(expected));
            }
            Err(error) => over(&tree, budget, &error),
        }
    }

    fn measure(&self, budget: Budget) {
        let tree = self.seen();
        match measure(&self.root, TREE, budget) {
            Ok(measured) => {
                assert!(seen::fits(&tree, budget), "measuring passed its budget");
                assert_eq!((measured.entries, measured.unreadable), (tree.len() as u64, 0));
                assert_eq!(measured.on_disk, tree.values().map(|seen| seen.on_disk).sum::<u64>());
            }
            Err(error) => over(&tree, budget, &error),
        }
    }

    fn copy(&self, budget: Budget, links: Links) {
        let tree = self.seen();
        let can_be = |seen: &Seen| match seen.kind {
            Kind::Directory | Kind::Regular => true,
            Kind::Symlink => links == Links::Keep,
            Kind::Fifo | Kind::Socket | Kind::Device | Kind::Unknown => false,
        };
        let all = tree.values().all(can_be);
        match copy_tree(&self.root, TREE, &self.root, COPY, links, budget) {
            Ok(()) => {
                assert!(all && seen::fits(&tree, budget));
                let copy = seen(&self.path.join(COPY));
                assert!(copy.keys().eq(tree.keys()));
                for (copy, original) in copy.values().zip(tree.values()) {
                    assert_eq!((copy.kind, &copy.content), (original.kind, &original.content));
                    let mode = match original.kind {
                        Kind::Regular if original.mode & 0o100 == 0 => 0o644,
                        Kind::Symlink => copy.mode,
                        _ => 0o755,
                    };
                    assert_eq!(copy.mode, mode);
                    assert!(copy.kind != Kind::Regular || copy.links == 1);
                }
                assert_eq!(self.seen(), tree, "copying changed the original");
                remove_tree(&self.root, COPY).unwrap();
            }
            Err(_) if !all => {}
            Err(error) => over(&tree, budget, &error),
        }
    }

    fn readable(&self, budget: Budget) {
        let tree = self.seen();
        let budget = Budget { bytes: u64::MAX, ..budget };
        match readable_by_all(&self.root, TREE, budget) {
            Ok(()) => {
                assert!(seen::fits(&tree, budget));
                let after = self.seen();
                assert!(after.keys().eq(tree.keys()));
                // Names of one file share its mode, so two changes can meet in it.
                for (after, before) in after.values().zip(tree.values()) {
                    let added = match before.kind {
                        Kind::Directory => 0o755,
                        Kind::Regular if before.mode & 0o111 != 0 => 0o755,
                        Kind::Regular => 0o644,
                        _ => 0,
                    };
                    let mode = if added == 0 { before.mode } else { before.mode & 0o777 | added };
                    assert_eq!((after.mode, &after.content), (mode, &before.content));
                }
            }
            Err(error) => over(&tree, budget, &error),
        }
    }
}

/// Without a fault of the system, the budget is the one reason to stop.
fn over(tree: &Tree, budget: Budget, error: &Error) {
    let told = matches!(error, Error::TooMany { .. } | Error::TooDeep { .. } | Error::TooLarge { .. });
    assert!(told && !seen::fits(tree, budget), "{error:?}");
}
