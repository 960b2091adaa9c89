//! Unpacking a submission's zip, so that every reader of the zip would see the same files, or refusing it.
//!
//! The whole structure is checked before the first byte is inflated, and every byte of the zip must have a place in
//! it: entries from the first byte on, each right behind the one before, then the central directory, then its end.
//! Nothing is repaired. Where there are many small files all data are checked before the first one is made. The files
//! grow under a temporary name and appear in one step.
//!
//! # What is refused, by code
//!
//! | code | what |
//! |---|---|
//! | `not-a-zip` | no zip at all |
//! | `truncated` | the end of the zip, of a header or of an entry's data is missing |
//! | `trailing-data` | bytes after the end |
//! | `prefix-data` | bytes before the first entry |
//! | `two-ends` | more than one record could be the end, or its mark stands in the zip's comment |
//! | `split-archive` | part of a set of several files |
//! | `hidden-data` | bytes between entries, or between entries and directory, that belong to nothing |
//! | `overlap` | entries that share bytes |
//! | `header-mismatch` | an entry's two headers, its data descriptor, the two ends (32 and 64 bit) or the data disagree |
//! | `encrypted` | encrypted entries or directory |
//! | `unknown-method` | anything but stored and deflated |
//! | `unknown-flag` | flags that change how an entry is read and that we do not know |
//! | `path-traversal` | absolute names, drive letters, `.` and `..`, backslashes, characters taken for slashes |
//! | `bad-name` | other names that break the rules of [`SubmissionPath`], and names in an unclear encoding |
//! | `name-too-long`, `too-deep` | names beyond the budget, as they stand or as they are compared |
//! | `link-entry` | symbolic links (Unix and Windows) and hard links |
//! | `special-file` | named pipes, sockets, devices, unknown types, volume labels |
//! | `duplicate-name` | one name twice |
//! | `case-collision` | names that are one name where case, width or the encoding of accents does not count |
//! | `file-and-directory` | one name for a file and a directory |
//! | `directory-with-data` | a directory entry that holds bytes |
//! | `too-many-files`, `large-directory`, `too-large` | beyond the budget; bytes are counted as they come out, whatever the headers say |
//! | `bad-data`, `bad-checksum` | data that does not inflate, or to something else than was packed |
//! | `many-blocks` | data that are split into far more blocks than packers make: each may bring tables of its own, which cost time |
//! | `empty` | no file left after ignoring junk |
//!
//! # What is odd and accepted
//!
//! - A comment of the zip (ours carries random bytes), as long as no end mark is in it; comments of entries.
//! - Data descriptors, with or without signature, 32 or 64 bit, if they agree with the central directory and the data.
//! - 64-bit records where they are not needed, if they agree with the 32-bit ones.
//! - Extra fields of any kind that is not a second name or a link; they are not used. A Unicode-path field must repeat
//!   the name, or spell out one in a code page.
//! - Directory entries, also deflated ones; files without entries for their directories.
//! - Names in ASCII with or without the UTF-8 flag. Other names without the flag only from Unix or macOS and only if
//!   they are UTF-8: macOS writes such. Code pages such as CP437 cannot be told from one another and are refused, unless
//!   both headers have a Unicode-path field with a letter for each byte, the same where that is ASCII: WinRAR and others write such.
//! - Permission bits of any value: files get 0644, or 0755 if their owner may execute them (zips from Unix and macOS),
//!   directories 0755.
//! - `__MACOSX/` and files called `.DS_Store`: their headers are checked, they are not unpacked, and they are listed.
//! - Times and versions of any value.

mod data;
mod directory;
mod end;
mod extra;
mod fields;
mod local;
mod names;
mod refusal;

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::fstat;

use crate::new_tree::NewTree;
use crate::root::size;
use crate::{Error, Kind, Root, SubmissionPath, escaped};

pub use refusal::{Reason, Refusal};

use data::Unpacker;
use directory::Member;
use fields::Archive;
use local::Placed;
use names::Names;

/// How much a zip may hold; passing any limit refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The sum of all unpacked bytes.
    pub unpacked_bytes: u64,
    /// Files that are unpacked.
    pub files: u64,
    /// Entries of any kind: files, directories, ignored junk; also files and directories that come of them.
    pub entries: u64,
    /// Bytes of the zip's directory: names, extra fields and comments of all entries.
    pub directory_bytes: u64,
    /// Parts of a path, its name included.
    pub depth: u64,
    /// Bytes of a path, as it stands and in the form in which names are compared.
    pub name_bytes: u64,
}

impl Budget {
    /// A budget with room for directories and junk beside the files: four entries a file and 256 more, 128 bytes of the
    /// zip's directory for each and 64 KiB more, paths of at most 1024 bytes and 32 parts.
    #[must_use]
    pub const fn new(unpacked_bytes: u64, files: u64) -> Budget {
        let entries = files.saturating_mul(4).saturating_add(256);
        let directory_bytes = entries.saturating_mul(128).saturating_add(64 * 1024);
        Budget { unpacked_bytes, files, entries, directory_bytes, depth: 32, name_bytes: 1024 }
    }
}

/// What was unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The files, sorted by path.
    pub files: Vec<UnpackedFile>,
    /// Names of ignored entries, in the order of the zip's directory.
    pub ignored: Vec<String>,
}

/// A file that was unpacked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnpackedFile {
    /// Where it lies, relative to the unpacked directory.
    pub path: SubmissionPath,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it has mode 0755.
    pub executable: bool,
}

/// Why nothing was unpacked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The zip breaks the rules: the student's doing.
    #[error("the zip is refused")]
    Refused(#[source] Refusal),
    /// Reading or writing failed: not the student's doing.
    #[error("the zip could not be unpacked")]
    Failed(#[source] Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused(refusal)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Failed(error)
    }
}

/// Unpacks `zip` to the new directory `rel` of `dest`; its parent must exist. Reads at offsets, so the file's position
/// does not matter; nobody may write to the file meanwhile (unpack the copy that was hashed). Not made durable.
///
/// Memory is bounded by the budget: some 500 bytes for each entry, some five times `directory_bytes`, and buffers of
/// less than half a MiB.
///
/// # Errors
/// [`Failure::Refused`] by the rules of this module, [`Failure::Failed`] when reading or writing fails or something is
/// at `rel` already. Nothing is left in either case.
pub fn unpack(zip: &File, dest: &Root, rel: impl AsRef<Path>, budget: &Budget) -> Result<Unpacked, Failure> {
    let rel = rel.as_ref();
    let archive = Archive::new(zip, zip_size(zip, rel)?);
    let contents = Contents::read(&archive, budget)?;
    if contents.is_cheap_to_check() {
        let mut check = Unpacker::new(&archive, budget.unpacked_bytes);
        for Placed { member, data } in contents.placed.iter().filter(|placed| !placed.member.ignored) {
            check.unpack(member, data.clone(), None)?;
        }
    }
    let mut tree = NewTree::begin(dest, rel)?;
    for directory in contents.names.directories() {
        tree.add_dir(&directory)?;
    }
    let mut unpacker = Unpacker::new(&archive, budget.unpacked_bytes);
    let mut files = Vec::new();
    for placed in contents.placed {
        let Placed { member, data } = placed;
        let Member { path, kind, executable, size, ignored, .. } = &member;
        match kind {
            _ if *ignored => {}
            directory::EntryKind::Directory => unpacker.unpack(&member, data, None)?,
            directory::EntryKind::File => {
                let mut file = tree.add_file(path.as_ref(), *executable)?;
                unpacker.unpack(&member, data, Some(&mut file))?;
                files.push(UnpackedFile { path: path.clone(), size: *size, executable: *executable });
            }
        }
    }
    tree.finish()?;
    files.sort_unstable();
    Ok(Unpacked { files, ignored: contents.ignored })
}

/// Files of fewer bytes than this on average, packed and unpacked, cost far more to make than to read.
const SMALL: u64 = 1_024;

fn zip_size(zip: &File, rel: &Path) -> Result<u64, Error> {
    let shown = rel.as_os_str().as_bytes();
    let stat = fstat(zip).map_err(|errno| Error::system("look at the zip for", shown, errno))?;
    match Kind::of_mode(stat.st_mode) {
        Kind::Regular => Ok(size(stat.st_size)),
        kind => Err(Error::NotRegular { path: escaped(shown), kind }),
    }
}

/// Everything a zip says about itself, checked.
struct Contents {
    /// In the order of their data.
    placed: Vec<Placed>,
    names: Names,
    ignored: Vec<String>,
    /// The sum of what the entries say of their sizes, packed and unpacked.
    data_bytes: u64,
}

impl Contents {
    fn read(archive: &Archive<'_>, budget: &Budget) -> Result<Contents, Failure> {
        let end = end::find(archive)?;
        if end.entries > budget.entries {
            return Err(Refusal::of(Reason::TooManyFiles { limit: budget.files }).into());
        }
        if end.directory_end.saturating_sub(end.directory) > budget.directory_bytes {
            return Err(Refusal::of(Reason::LargeDirectory { limit: budget.directory_bytes }).into());
        }
        let mut names = Names::default();
        let mut ignored = Vec::new();
        let mut members = Vec::new();
        let mut files = 0_u64;
        let mut unpacked = 0_u64;
        let mut packed = 0_u64;
        for member in directory::read(archive, &end, budget) {
            let mut member = member?;
            if member.ignored {
                ignored.push(member.name());
            } else {
                names.insert(&member)?;
                files = files.saturating_add(u64::from(member.kind == directory::EntryKind::File));
                unpacked = unpacked.saturating_add(member.size);
                packed = packed.saturating_add(member.packed);
                // Sizes may lie, but one that is too large is wrong in any case: it must come true later.
                if files > budget.files || names.count() > budget.entries {
                    return Err(Refusal::of(Reason::TooManyFiles { limit: budget.files }).into());
                }
                if unpacked > budget.unpacked_bytes {
                    return Err(Refusal::of(Reason::TooLarge { limit: budget.unpacked_bytes }).into());
                }
            }
            member.folded = String::new();
            members.push(member);
        }
        if files == 0 {
            return Err(Refusal::of(Reason::Empty).into());
        }
        let placed = local::place(archive, members, end.directory)?;
        let data_bytes = unpacked.saturating_add(packed);
        Ok(Contents { placed, names, ignored, data_bytes })
    }

    /// Whether the data are so few for so many files and directories that looking at all of them first costs little beside
    /// making these. Otherwise a zip whose last file is damaged would have all others made and removed again, which takes half
    /// as long once more. Sizes may lie: no more is looked at than they say.
    fn is_cheap_to_check(&self) -> bool {
        self.data_bytes / SMALL <= self.names.count()
    }
}
