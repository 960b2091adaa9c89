//! What lies in a folder, read by plain paths and without a budget.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use assay_untrusted::{Budget, Kind};

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) size: u64,
    pub(super) on_disk: u64,
    pub(super) mode: u32,
    pub(super) links: u64,
    /// A file's bytes, a link's target.
    pub(super) content: Vec<u8>,
}

/// Everything in a folder, by paths relative to it; sorted as a walk visits it.
pub(super) type Tree = BTreeMap<PathBuf, Seen>;

impl Seen {
    pub(super) fn of(path: &Path) -> Seen {
        let found = path.symlink_metadata().unwrap();
        let of = found.file_type();
        let (kind, content) = if of.is_dir() {
            (Kind::Directory, Vec::new())
        } else if of.is_file() {
            (Kind::Regular, fs::read(path).unwrap())
        } else if of.is_symlink() {
            (Kind::Symlink, fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec())
        } else if of.is_fifo() {
            (Kind::Fifo, Vec::new())
        } else {
            (Kind::Socket, Vec::new())
        };
        Seen {
            kind,
            size: found.size(),
            on_disk: found.blocks() * 512,
            mode: found.mode() & 0o7777,
            links: found.nlink(),
            content,
        }
    }
}

/// Everything in `folder`.
pub(super) fn seen(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut ahead = vec![PathBuf::new()];
    while let Some(inside) = ahead.pop() {
        for name in fs::read_dir(folder.join(&inside)).unwrap().map(|entry| entry.unwrap().file_name()) {
            let path = inside.join(name);
            let seen = Seen::of(&folder.join(&path));
            if seen.kind == Kind::Directory {
                ahead.push(path.clone());
            }
            tree.insert(path, seen);
        }
    }
    tree
}

/// The names in a folder, sorted.
pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

/// Whether a tree is within a budget.
pub(super) fn fits(tree: &Tree, budget: Budget) -> bool {
    let directories = tree.iter().filter(|(_, seen)| seen.kind == Kind::Directory);
    let depth = directories.map(|(path, _)| path.components().count() as u64).max().unwrap_or(0);
    let bytes: u64 = tree.values().filter(|seen| seen.kind == Kind::Regular).map(|seen| seen.size).sum();
    tree.len() as u64 <= budget.entries && depth <= budget.depth && bytes <= budget.bytes
}
