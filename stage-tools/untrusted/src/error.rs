//! What can go wrong with a hostile tree, and whose doing it is.

use std::io;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::escape::escaped;

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
    /// Something this kernel has and we do not know.
    Unknown,
}

impl Kind {
    pub(crate) fn of(file_type: FileType) -> Kind {
        match file_type {
            FileType::RegularFile => Kind::Regular,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
            FileType::Unknown => Kind::Unknown,
        }
    }

    pub(crate) fn of_mode(mode: u32) -> Kind {
        Kind::of(FileType::from_raw_mode(mode))
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Regular => "regular file",
            Kind::Directory => "directory",
            Kind::Symlink => "symbolic link",
            Kind::Fifo => "named pipe",
            Kind::Socket => "socket",
            Kind::Device => "device",
            Kind::Unknown => "file of an unknown kind",
        })
    }
}

/// Whose doing an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Whoever wrote the tree: trying again will not help.
    Content,
    /// The machine or the volume: trying again may help.
    System,
    /// The caller of this crate: a bug in Assay.
    Caller,
}

/// Why something in a hostile tree was not done. Paths are escaped and bounded, fit to be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The path given to us is absolute, climbs, or is empty where a name is needed.
    #[error("`{path}` is not a plain relative path")]
    BadPath {
        /// The path.
        path: String,
    },
    /// Nothing is there.
    #[error("`{path}` does not exist")]
    Missing {
        /// The path.
        path: String,
    },
    /// A symbolic link stands there or on the way.
    #[error("`{path}` is or passes through a symbolic link, and links are not followed; put the file itself there")]
    Link {
        /// The path.
        path: String,
    },
    /// Another file system is mounted there or on the way.
    #[error("`{path}` lies on another mount")]
    OtherMount {
        /// The path.
        path: String,
    },
    /// Not a regular file.
    #[error("`{path}` is a {kind}, not a regular file")]
    NotRegular {
        /// The path.
        path: String,
        /// What it is.
        kind: Kind,
    },
    /// Not a directory, or a part of its path is none.
    #[error("`{path}` or a part of it is not a directory")]
    NotADirectory {
        /// The path.
        path: String,
    },
    /// A regular file that has other names, which someone could write through.
    #[error("`{path}` has {links} names (hard links), not one; put a copy there")]
    HardLinked {
        /// The path.
        path: String,
        /// How many names.
        links: u64,
    },
    /// More bytes than allowed.
    #[error("`{path}` passes the limit of {limit} bytes")]
    TooLarge {
        /// The path.
        path: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// More entries than allowed.
    #[error("`{path}` passes the limit of {limit} files and directories")]
    TooMany {
        /// The path.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// Nested deeper than allowed.
    #[error("`{path}` passes the limit of {limit} nested directories")]
    TooDeep {
        /// The path.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// Something else is there, and it is never overwritten.
    #[error("`{path}` exists already with other content; it is not overwritten")]
    Conflict {
        /// The path.
        path: String,
    },
    /// It became something else while we looked at it.
    #[error("`{path}` changed while it was being read")]
    Changed {
        /// The path.
        path: String,
    },
    /// The file system does not let us.
    #[error("could not {action} `{path}`: no permission")]
    Denied {
        /// What was tried.
        action: &'static str,
        /// The path.
        path: String,
    },
    /// Reading or writing failed.
    #[error("could not {action} `{path}`")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The path.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Whose doing it is. [`Error::Missing`] and [`Error::Denied`] count as the system's: a caller that looks for a
    /// file of the student's knows better.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Error::BadPath { .. } => Blame::Caller,
            Error::Missing { .. } | Error::Denied { .. } | Error::Io { .. } => Blame::System,
            Error::Link { .. }
            | Error::OtherMount { .. }
            | Error::NotRegular { .. }
            | Error::NotADirectory { .. }
            | Error::HardLinked { .. }
            | Error::TooLarge { .. }
            | Error::TooMany { .. }
            | Error::TooDeep { .. }
            | Error::Conflict { .. }
            | Error::Changed { .. } => Blame::Content,
        }
    }

    /// An error of resolving `path`, where errno values have the meaning that `openat2` gives them.
    pub(crate) fn resolving(action: &'static str, path: &[u8], errno: Errno) -> Error {
        match errno {
            Errno::LOOP => Error::Link { path: escaped(path) },
            Errno::XDEV => Error::OtherMount { path: escaped(path) },
            Errno::NOTDIR => Error::NotADirectory { path: escaped(path) },
            Errno::NXIO => Error::NotRegular { path: escaped(path), kind: Kind::Socket },
            _ => Error::system(action, path, errno),
        }
    }

    /// An error of doing something to what was resolved before.
    pub(crate) fn system(action: &'static str, path: &[u8], errno: Errno) -> Error {
        let path = escaped(path);
        match errno {
            Errno::NOENT => Error::Missing { path },
            Errno::ACCESS | Errno::PERM => Error::Denied { action, path },
            _ => Error::Io { action, path, source: errno.into() },
        }
    }

    pub(crate) fn io(action: &'static str, path: &[u8], source: io::Error) -> Error {
        Error::Io { action, path: escaped(path), source }
    }
}
