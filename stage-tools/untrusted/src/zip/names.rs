//! All names of a zip together: none twice, none that another system takes for another.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use super::directory::{EntryKind, Member};
use super::{Failure, Reason};
use crate::escape::escaped;

/// A tree of names, so that what it takes grows with the sum of their lengths and no faster.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By the directory a name is in (0 is the top) and its folded form.
    nodes: HashMap<(usize, Box<str>), Node>,
    /// Each with the number of the directory it is in; the first has number 1.
    directories: Vec<(usize, Box<str>)>,
}

#[derive(Debug)]
struct Node {
    name: Box<str>,
    kind: NodeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    File,
    /// Its number, from 1, and whether it has an entry of its own.
    Directory {
        number: usize,
        entry: bool,
    },
}

impl Names {
    /// Adds an entry and the directories it is in.
    pub(super) fn insert(&mut self, member: &Member) -> Result<(), Failure> {
        self.add(member).map_err(|reason| member.refuse(reason))
    }

    /// How many files and directories there are.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.nodes.len()).unwrap_or(u64::MAX)
    }

    /// The paths of all directories, each after the one it is in.
    pub(super) fn directories(&self) -> impl Iterator<Item = PathBuf> {
        self.directories.iter().map(|directory| {
            let inside = |(inside, _): &&(usize, Box<str>)| self.directories.get(inside.checked_sub(1)?);
            let mut parts: Vec<&str> =
                std::iter::successors(Some(directory), inside).map(|(_, name)| &**name).collect();
            parts.reverse();
            parts.iter().collect()
        })
    }

    fn add(&mut self, member: &Member) -> Result<(), Reason> {
        let mut inside = 0;
        let mut parts = member.path.parts().zip(member.folded.split('/')).peekable();
        while let Some((name, folded)) = parts.next() {
            let last = parts.peek().is_none();
            if !last || member.kind == EntryKind::Directory {
                inside = self.directory(inside, name, folded, last)?;
                continue;
            }
            match self.nodes.entry((inside, folded.into())) {
                Entry::Vacant(free) => {
                    free.insert(Node { name: name.into(), kind: NodeKind::File });
                }
                Entry::Occupied(taken) => return Err(clash(taken.get(), name, NodeKind::File)),
            }
        }
        Ok(())
    }

    /// Adds a directory, with or without an entry of its own, in the one with number `inside`; tells its number.
    fn directory(&mut self, inside: usize, name: &str, folded: &str, entry: bool) -> Result<usize, Reason> {
        let next = self.directories.len().saturating_add(1);
        match self.nodes.entry((inside, folded.into())) {
            Entry::Vacant(free) => {
                let kind = NodeKind::Directory { number: next, entry };
                free.insert(Node { name: name.into(), kind });
                self.directories.push((inside, name.into()));
                Ok(next)
            }
            Entry::Occupied(mut taken) => {
                let node = taken.get_mut();
                match &mut node.kind {
                    NodeKind::Directory { number, entry: has } if *node.name == *name && !(*has && entry) => {
                        *has |= entry;
                        Ok(*number)
                    }
                    _ => Err(clash(node, name, NodeKind::Directory { number: next, entry })),
                }
            }
        }
    }
}

/// How `name` clashes with what is there.
fn clash(there: &Node, name: &str, kind: NodeKind) -> Reason {
    match (there.kind, kind) {
        _ if *there.name != *name => Reason::CaseCollision { other: escaped(there.name.as_bytes()) },
        (NodeKind::File, NodeKind::File) | (NodeKind::Directory { .. }, NodeKind::Directory { .. }) => {
            Reason::DuplicateName
        }
        (NodeKind::File, NodeKind::Directory { .. }) | (NodeKind::Directory { .. }, NodeKind::File) => {
            Reason::FileAndDirectory
        }
    }
}
