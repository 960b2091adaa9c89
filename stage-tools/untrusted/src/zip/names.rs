//! All names of a zip together: none twice, none that another system takes for another.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::directory::{EntryKind, Member};
use super::{Failure, Reason};
use crate::escape::escaped;
use crate::path::folded;

/// A tree of names, so that what it takes grows with the sum of their lengths and no faster.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By the directory a name is in (0 is the top) and its folded form.
    nodes: HashMap<(usize, Box<str>), Node>,
    directories: Vec<String>,
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
    Directory { number: usize, entry: bool },
}

impl Names {
    /// Adds an entry and the directories it is in.
    pub(super) fn insert(&mut self, member: &Member) -> Result<(), Failure> {
        self.add(member).map_err(|reason| member.refuse(reason))
    }

    /// All directories, each after the one it is in.
    pub(super) fn directories(&self) -> &[String] {
        &self.directories
    }

    fn add(&mut self, member: &Member) -> Result<(), Reason> {
        let mut inside = 0;
        let mut path = String::new();
        for directory in member.path.parent().iter().flat_map(|parent| parent.parts()) {
            inside = self.directory(inside, &mut path, directory, false)?;
        }
        let name = member.path.file_name();
        match member.kind {
            EntryKind::Directory => self.directory(inside, &mut path, name, true).map(|_| ()),
            EntryKind::File => match self.nodes.entry((inside, folded(name).into())) {
                Entry::Vacant(free) => {
                    free.insert(Node { name: name.into(), kind: NodeKind::File });
                    Ok(())
                }
                Entry::Occupied(taken) => Err(clash(taken.get(), name, NodeKind::File)),
            },
        }
    }

    /// Adds a directory, with or without an entry of its own, in the one with number `inside`; tells its number.
    fn directory(&mut self, inside: usize, path: &mut String, name: &str, entry: bool) -> Result<usize, Reason> {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
        let next = self.directories.len().saturating_add(1);
        match self.nodes.entry((inside, folded(name).into())) {
            Entry::Vacant(free) => {
                let kind = NodeKind::Directory { number: next, entry };
                free.insert(Node { name: name.into(), kind });
                self.directories.push(path.clone());
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
