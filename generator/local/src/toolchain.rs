//! What untrusted stages see beside their volumes: an unpacked image, or the toolchain of this machine.
//!
//! Both are allow-lists of top-level names. Homes, sockets, `/run`, `/var`, `/tmp`, `/sys` and the rest of `/etc` of
//! this machine are never among them.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::error::EngineError;

/// Which toolchain untrusted stages use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolchainKind {
    /// This machine's own, which may differ from the assignment's image.
    Host,
    /// An unpacked image.
    Rootfs,
}

/// Something of this machine that an untrusted stage sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// A file or folder, read only.
    Shown { from: String, at: String, folder: bool },
    /// A symbolic link, made again.
    Link { at: String, to: String },
}

/// What untrusted stages see beside their volumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    kind: ToolchainKind,
    offers: Vec<Offer>,
    search_path: String,
}

/// Top-level names of this machine that hold toolchains.
const HOST_TOP: [&str; 8] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec"];

/// Names in `/etc` that toolchains read. `localtime` is not among them: jobs run in UTC everywhere.
const HOST_ETC: [&str; 5] = ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "perl"];

/// How further names in `/etc` that toolchains read begin.
const HOST_ETC_PREFIXES: [&str; 2] = ["java-", "python3"];

/// Top-level names of an image that a stage has of its own, or has not at all.
const ROOTFS_NOT: [&str; 8] = ["proc", "sys", "dev", "run", "tmp", "volumes", "assay-stage", "lost+found"];

/// Folders whose presence shows that a folder is somebody's home.
const HOME_MARKS: [&str; 6] = [".ssh", ".gnupg", ".aws", ".kube", ".config", ".mozilla"];

/// Where programs are looked for on this machine.
const HOST_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Where programs are looked for in an image.
const ROOTFS_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Toolchain {
    /// The toolchain of this machine, with further folders such as a Python of one's own.
    pub(crate) fn host(further: &[PathBuf]) -> Result<Toolchain, EngineError> {
        let mut offers = Vec::new();
        for name in HOST_TOP {
            offer(Path::new("/"), name, "/", &mut offers);
        }
        for name in names(Path::new("/etc")) {
            let wanted = HOST_ETC.contains(&name.as_str())
                || HOST_ETC_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if wanted {
                offer(Path::new("/etc"), &name, "/etc/", &mut offers);
            }
        }
        let mut search_path = String::new();
        for folder in further {
            let at = checked_folder(folder)?;
            if fs::metadata(folder.join("bin")).is_ok() {
                search_path.push_str(&format!("{at}/bin:"));
            }
            if !offers.iter().any(|known| known.covers(&at)) {
                let from = fs::canonicalize(folder)
                    .ok()
                    .and_then(|path| path.into_os_string().into_string().ok())
                    .ok_or_else(|| EngineError::Toolchain {
                        folder: folder.clone(),
                        why: "it cannot be found",
                    })?;
                offers.push(Offer::Shown { from, at, folder: true });
            }
        }
        search_path.push_str(HOST_PATH);
        Ok(Toolchain { kind: ToolchainKind::Host, offers, search_path })
    }

    /// An image that was unpacked into `folder`.
    pub(crate) fn rootfs(folder: &Path) -> Result<Toolchain, EngineError> {
        let refused = |why| EngineError::Rootfs { folder: folder.to_owned(), why };
        let canonical = fs::canonicalize(folder).map_err(|_| refused("it cannot be found"))?;
        if !canonical.is_dir() {
            return Err(refused("it is not a folder"));
        }
        if canonical == Path::new("/") {
            return Err(refused("it is this machine's own root, with homes and secrets"));
        }
        if canonical.to_str().is_none() {
            return Err(refused("its name is not UTF-8"));
        }
        let mut offers = Vec::new();
        for name in names(&canonical) {
            if !ROOTFS_NOT.contains(&name.as_str()) {
                offer(&canonical, &name, "/", &mut offers);
            }
        }
        if offers.is_empty() {
            return Err(refused("it is empty"));
        }
        Ok(Toolchain { kind: ToolchainKind::Rootfs, offers, search_path: ROOTFS_PATH.into() })
    }

    /// Which it is.
    pub(crate) fn kind(&self) -> ToolchainKind {
        self.kind
    }

    /// Whether it is this machine's own.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        self.kind == ToolchainKind::Host
    }

    /// What stages see of it.
    pub(crate) fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// Where programs are looked for.
    pub(crate) fn search_path(&self) -> &str {
        &self.search_path
    }

    #[cfg(test)]
    pub(crate) fn of_this_machine_with(offers: Vec<Offer>) -> Toolchain {
        Toolchain { kind: ToolchainKind::Host, offers, search_path: HOST_PATH.into() }
    }
}

impl Offer {
    /// Whether `path` can be seen through it already.
    fn covers(&self, path: &str) -> bool {
        match self {
            Offer::Shown { at, folder, .. } => *folder && Path::new(path).starts_with(at),
            Offer::Link { .. } => false,
        }
    }
}

/// Names in a folder that are UTF-8, sorted; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Offers `folder/name` as `prefix` + name: a link as a link, a file or folder as what it is, anything else not at all.
fn offer(folder: &Path, name: &str, prefix: &str, offers: &mut Vec<Offer>) {
    let path = folder.join(name);
    let at = format!("{prefix}{name}");
    let Ok(metadata) = fs::symlink_metadata(&path) else { return };
    if metadata.is_symlink() {
        if let Some(to) = fs::read_link(&path).ok().and_then(|to| to.into_os_string().into_string().ok()) {
            offers.push(Offer::Link { at, to });
        }
    } else if (metadata.is_dir() || metadata.is_file())
        && let Some(from) = path.to_str()
    {
        offers.push(Offer::Shown { from: from.into(), at, folder: metadata.is_dir() });
    }
}

/// A further toolchain folder, as the path at which stages see it.
fn checked_folder(folder: &Path) -> Result<String, EngineError> {
    let refused = |why| EngineError::Toolchain { folder: folder.to_owned(), why };
    let plain = folder.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
    if !folder.is_absolute() || !plain {
        return Err(refused("it is not an absolute path without `..`"));
    }
    let canonical = fs::canonicalize(folder).map_err(|_| refused("it cannot be found"))?;
    if !canonical.is_dir() {
        return Err(refused("it is not a folder"));
    }
    let system = ["proc", "sys", "dev", "run", "etc", "var", "volumes"];
    for path in [folder, canonical.as_path()] {
        let top = path.components().nth(1).and_then(|part| part.as_os_str().to_str());
        if top.is_none_or(|top| system.contains(&top)) {
            return Err(refused("it is part of the system that stages must not see"));
        }
    }
    if HOME_MARKS.iter().any(|mark| fs::symlink_metadata(canonical.join(mark)).is_ok()) {
        return Err(refused("it is somebody's home"));
    }
    let text = folder.to_str().ok_or_else(|| refused("its name is not UTF-8"))?;
    Ok(text.trim_end_matches('/').into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(toolchain: &Toolchain) -> Vec<&str> {
        toolchain
            .offers()
            .iter()
            .map(|offer| match offer {
                Offer::Shown { at, .. } | Offer::Link { at, .. } => at.as_str(),
            })
            .collect()
    }

    #[test]
    fn nothing_personal_of_this_machine_is_offered() {
        let toolchain = Toolchain::host(&[]).unwrap();
        let seen = seen(&toolchain);
        assert!(seen.contains(&"/usr"));
        for path in ["/home", "/root", "/run", "/var", "/tmp", "/dev", "/proc", "/sys", "/etc", "/etc/shadow"]
        {
            assert!(!seen.contains(&path), "{path}");
        }
    }

    #[test]
    fn an_image_keeps_its_own_but_not_its_system_folders() {
        let image = tempfile::tempdir().unwrap();
        for name in ["usr", "opt", "etc", "proc", "dev", "run", "tmp", "home"] {
            fs::create_dir(image.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink("usr/bin", image.path().join("bin")).unwrap();
        let toolchain = Toolchain::rootfs(image.path()).unwrap();
        assert_eq!(seen(&toolchain), ["/bin", "/etc", "/home", "/opt", "/usr"]);
    }

    #[test]
    fn folders_that_are_no_toolchain_are_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join(".ssh")).unwrap();
        for folder in
            [place.path(), Path::new("/"), Path::new("/etc"), Path::new("usr"), Path::new("/usr/../etc")]
        {
            assert!(
                matches!(Toolchain::host(&[folder.to_owned()]), Err(EngineError::Toolchain { .. })),
                "{folder:?}"
            );
        }
        assert!(matches!(Toolchain::rootfs(Path::new("/")), Err(EngineError::Rootfs { .. })));
        assert!(matches!(Toolchain::rootfs(Path::new("/no/such/place")), Err(EngineError::Rootfs { .. })));
    }

    #[test]
    fn programs_of_a_further_folder_are_found_first() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("bin")).unwrap();
        let toolchain = Toolchain::host(&[place.path().to_owned()]).unwrap();
        let first = format!("{}/bin:", place.path().display());
        assert!(toolchain.search_path().starts_with(&first));
    }
}
