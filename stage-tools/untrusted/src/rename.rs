//! Moving a tree inside a volume.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{RenameFlags, renameat, renameat_with};
use rustix::io::Errno;

use crate::path::Rel;
use crate::root::Root;
use crate::{Error, Kind, escaped};

/// Moves the directory `from` to `to`, where nothing may be.
///
/// # Errors
/// [`Error::NotADirectory`] when `from` is anything else, a link too; [`Error::Conflict`] when something is at `to`.
pub fn rename_dir(root: &Root, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let shown = from.as_os_str().as_bytes();
    if root.kind(from)? != Some(Kind::Directory) {
        return Err(Error::NotADirectory { path: escaped(shown) });
    }
    let (from_parent, from_name) = Rel::parse_name(from)?;
    let (to_parent, to_name) = Rel::parse_name(to)?;
    let (from_dir, to_dir) = (root.open_dir(from_parent)?, root.open_dir(to_parent)?);
    let renamed = match renameat_with(&from_dir, from_name, &to_dir, to_name, RenameFlags::NOREPLACE) {
        // NFS lacks the flag. Without it only an empty directory could be replaced.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            renameat(&from_dir, from_name, &to_dir, to_name)
        }
        result => result,
    };
    renamed.map_err(|errno| match errno {
        Errno::EXIST | Errno::NOTEMPTY => Error::Conflict { path: escaped(to.as_os_str().as_bytes()) },
        errno => Error::system("rename", shown, errno),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_directory_moves_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        root.create_dirs("a/b", 0o755).unwrap();
        root.create_dirs("there", 0o755).unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("link")).unwrap();
        assert!(matches!(rename_dir(&root, "link", "x"), Err(Error::NotADirectory { .. })));
        assert!(matches!(rename_dir(&root, "a", "there"), Err(Error::Conflict { .. })));
        rename_dir(&root, "a", "there/a").unwrap();
        assert!(folder.path().join("there/a/b").is_dir());
    }
}
