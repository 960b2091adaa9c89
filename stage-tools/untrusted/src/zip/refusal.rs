//! Why a zip is refused, in words for the student and as a stable code for programs.

use std::fmt;

use crate::NameProblem;
use crate::escape::escaped;

/// A refused zip: the reason and, where it is about one, the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    entry: Option<String>,
}

/// Why a zip is refused. The codes are stable; the table at the top of [`crate::zip`] explains them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the module's table explains each code")]
pub enum Reason {
    NotAZip,
    Truncated,
    TrailingData,
    PrefixData,
    TwoEnds,
    SplitArchive,
    HiddenData,
    Overlap,
    /// What disagrees.
    HeaderMismatch(&'static str),
    Encrypted,
    /// The method's number.
    UnknownMethod(u16),
    /// The flags that are not known.
    UnknownFlag(u16),
    PathTraversal(NameProblem),
    BadName(NameProblem),
    /// Not ASCII, and nothing says what encoding it is; code `bad-name`.
    UnclearName,
    NameTooLong {
        limit: u64,
    },
    TooDeep {
        limit: u64,
    },
    LinkEntry,
    SpecialFile,
    DuplicateName,
    /// The other name, escaped.
    CaseCollision {
        other: String,
    },
    FileAndDirectory,
    DirectoryWithData,
    TooManyFiles {
        limit: u64,
    },
    LargeDirectory {
        limit: u64,
    },
    TooLarge {
        limit: u64,
    },
    BadData,
    ManyBlocks,
    BadChecksum,
    Empty,
}

impl Refusal {
    pub(super) fn of(reason: Reason) -> Refusal {
        Refusal { reason, entry: None }
    }

    pub(super) fn entry(reason: Reason, name: &[u8]) -> Refusal {
        Refusal { reason, entry: Some(escaped(name)) }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// The name of the entry it is about, escaped and bounded.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// What the student can do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.reason.advice()
    }
}

impl std::error::Error for Refusal {}

/// One line of at most about 500 characters: what is wrong, then what to do.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "the entry `{entry}` {}; {}", self.reason, self.advice()),
            None => write!(f, "the zip {}; {}", self.reason, self.advice()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotAZip => f.write_str("is not a zip file"),
            Reason::Truncated => f.write_str("breaks off: a part is missing at its end"),
            Reason::TrailingData => f.write_str("has bytes after its end"),
            Reason::PrefixData => f.write_str("has bytes before its first entry"),
            Reason::TwoEnds => f.write_str("has more than one end"),
            Reason::SplitArchive => f.write_str("is one part of several"),
            Reason::HiddenData => f.write_str("has bytes next to it that belong to no entry"),
            Reason::Overlap => f.write_str("shares bytes with another entry or with the directory"),
            Reason::HeaderMismatch(what) => write!(f, "contradicts itself: {what}"),
            Reason::Encrypted => f.write_str("is encrypted"),
            Reason::UnknownMethod(method) => {
                write!(f, "is packed by method {method}, not stored or deflated")
            }
            Reason::UnknownFlag(flags) => write!(f, "has flags that are not supported ({flags:#06x})"),
            Reason::PathTraversal(problem) | Reason::BadName(problem) => {
                write!(f, "has a name that cannot be used: {problem}")
            }
            Reason::UnclearName => {
                f.write_str("has a name with special characters in an encoding that the zip does not tell")
            }
            Reason::NameTooLong { limit } => write!(f, "has a path of more than {limit} bytes"),
            Reason::TooDeep { limit } => write!(f, "has a path of more than {limit} parts"),
            Reason::LinkEntry => f.write_str("is a link"),
            Reason::SpecialFile => f.write_str("is neither a file nor a directory"),
            Reason::DuplicateName => f.write_str("is there twice"),
            Reason::CaseCollision { other } => {
                write!(f, "has the same name as `{other}` on systems that ignore case or accents' encoding")
            }
            Reason::FileAndDirectory => f.write_str("is both a file and a directory"),
            Reason::DirectoryWithData => f.write_str("is a directory but holds data"),
            Reason::TooManyFiles { limit } => write!(f, "has more files than the {limit} that are allowed"),
            Reason::LargeDirectory { limit } => {
                write!(f, "has a list of names and comments of more than {limit} bytes")
            }
            Reason::TooLarge { limit } => {
                write!(f, "unpacks to more than the {limit} bytes that are allowed")
            }
            Reason::BadData => f.write_str("is damaged: its data cannot be unpacked"),
            Reason::ManyBlocks => f.write_str("is packed in far more blocks than its data need"),
            Reason::BadChecksum => f.write_str("is damaged: its checksum is wrong"),
            Reason::Empty => f.write_str("holds no file to grade"),
        }
    }
}

impl Reason {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Reason::NotAZip => "not-a-zip",
            Reason::Truncated => "truncated",
            Reason::TrailingData => "trailing-data",
            Reason::PrefixData => "prefix-data",
            Reason::TwoEnds => "two-ends",
            Reason::SplitArchive => "split-archive",
            Reason::HiddenData => "hidden-data",
            Reason::Overlap => "overlap",
            Reason::HeaderMismatch(_) => "header-mismatch",
            Reason::Encrypted => "encrypted",
            Reason::UnknownMethod(_) => "unknown-method",
            Reason::UnknownFlag(_) => "unknown-flag",
            Reason::PathTraversal(_) => "path-traversal",
            Reason::BadName(_) | Reason::UnclearName => "bad-name",
            Reason::NameTooLong { .. } => "name-too-long",
            Reason::TooDeep { .. } => "too-deep",
            Reason::LinkEntry => "link-entry",
            Reason::SpecialFile => "special-file",
            Reason::DuplicateName => "duplicate-name",
            Reason::CaseCollision { .. } => "case-collision",
            Reason::FileAndDirectory => "file-and-directory",
            Reason::DirectoryWithData => "directory-with-data",
            Reason::TooManyFiles { .. } => "too-many-files",
            Reason::LargeDirectory { .. } => "large-directory",
            Reason::TooLarge { .. } => "too-large",
            Reason::BadData => "bad-data",
            Reason::ManyBlocks => "many-blocks",
            Reason::BadChecksum => "bad-checksum",
            Reason::Empty => "empty",
        }
    }

    /// What the student can do.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Reason::NotAZip => "put your files in a zip and submit that",
            Reason::Truncated | Reason::BadData | Reason::BadChecksum => {
                "make the zip again and submit it whole"
            }
            Reason::TrailingData
            | Reason::PrefixData
            | Reason::TwoEnds
            | Reason::HiddenData
            | Reason::Overlap
            | Reason::HeaderMismatch(_)
            | Reason::UnknownFlag(_)
            | Reason::DirectoryWithData
            | Reason::ManyBlocks => "make the zip again from your files with your system's own zip tool",
            Reason::SplitArchive => "make a zip that is a single file",
            Reason::Encrypted => "make the zip again without a password",
            Reason::UnknownMethod(_) => "make the zip again with the usual compression (deflate)",
            Reason::PathTraversal(_) => "zip the folder itself, with relative paths and forward slashes",
            Reason::BadName(_) => "rename the file",
            Reason::UnclearName => {
                "rename the file with plain letters, or use a tool that writes names as UTF-8"
            }
            Reason::NameTooLong { .. } => "use shorter names",
            Reason::TooDeep { .. } => "use fewer folders inside one another",
            Reason::LinkEntry => "put the file itself in place of the link",
            Reason::SpecialFile => "leave it out",
            Reason::DuplicateName | Reason::CaseCollision { .. } | Reason::FileAndDirectory => {
                "keep one of them, or rename one"
            }
            Reason::TooManyFiles { .. } | Reason::LargeDirectory { .. } => {
                "leave out files that the assignment does not ask for"
            }
            Reason::TooLarge { .. } => "leave out large files that the assignment does not ask for",
            Reason::Empty => "put your files in it",
        }
    }
}
