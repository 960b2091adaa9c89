//! Looks at this machine: what is in a folder, which processes run, what is mounted.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files up to this size are compared by their content, larger ones by size and time.
const READ_WHOLE: u64 = 16 << 20;
/// Contents up to this size are told as they are, larger ones by a hash.
const TOLD_WHOLE: usize = 4 << 10;

/// What is below a folder: each path with its kind, permissions and content. Links are not followed.
pub type Listing = BTreeMap<PathBuf, String>;

/// Lists `folder`.
///
/// # Panics
/// If something in it cannot be read.
#[must_use]
pub fn listing(folder: &Path) -> Listing {
    let mut listing = Listing::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be listed").path();
            let metadata = fs::symlink_metadata(&path).expect("what is listed is there");
            let content = if metadata.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else if metadata.is_symlink() {
                format!("link to {}", fs::read_link(&path).expect("a link leads somewhere").display())
            } else if metadata.is_file() && metadata.len() <= READ_WHOLE {
                told(&fs::read(&path).expect("a file can be read"))
            } else {
                format!("{} bytes of {}.{}", metadata.len(), metadata.mtime(), metadata.mtime_nsec())
            };
            listing.insert(path, format!("{:o} {content}", metadata.permissions().mode()));
        }
    }
    listing
}

fn told(content: &[u8]) -> String {
    if content.len() <= TOLD_WHOLE {
        return content.escape_ascii().to_string();
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{} bytes, {:016x}", content.len(), hasher.finish())
}

/// Processes of which command line, environment or working directory hold one of `markers`, as `id command line`. This
/// process is not among them.
#[must_use]
pub fn processes_with(markers: &[&str]) -> Vec<String> {
    let holds = |bytes: &[u8]| {
        markers.iter().any(|marker| bytes.windows(marker.len()).any(|w| w == marker.as_bytes()))
    };
    let own = std::process::id();
    let mut found = Vec::new();
    for pid in process_ids() {
        let place = PathBuf::from(format!("/proc/{pid}"));
        // A process that has just ended has nothing to read; of other people's, the command line is enough.
        let line = fs::read(place.join("cmdline")).unwrap_or_default();
        let environment = fs::read(place.join("environ")).unwrap_or_default();
        let directory = fs::read_link(place.join("cwd")).unwrap_or_default();
        if pid != own
            && (holds(&line) || holds(&environment) || holds(directory.as_os_str().as_encoded_bytes()))
        {
            found.push(format!("{pid} {}", line.escape_ascii()));
        }
    }
    found
}

/// A process, told apart from a later one of the same id by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    id: u32,
    parent: u32,
    started: u64,
}

impl Process {
    /// The process of this id; `None` where there is none, or one that has ended and waits to be collected.
    fn of(id: u32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in parentheses may hold anything, so fields are counted from the last one (proc_pid_stat(5)).
        let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
        let alive = !matches!(*fields.first()?, "Z" | "X");
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        alive.then_some(Process { id, parent: u32::try_from(number(1)?).ok()?, started: number(19)? })
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        Process::of(self.id).is_some_and(|now| now.started == self.started)
    }
}

/// Every process that `id` has started, and that these have started, and so on; itself not.
#[must_use]
pub fn started_by(id: u32) -> Vec<Process> {
    let all: Vec<Process> = process_ids().into_iter().filter_map(Process::of).collect();
    let mut found: Vec<Process> = all.iter().copied().filter(|process| process.parent == id).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|process| process.id) {
        found.extend(all.iter().filter(|process| process.parent == parent));
        next += 1;
    }
    found
}

fn process_ids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc is there").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// What is mounted where this process can see it.
///
/// # Panics
/// If `/proc` is not there.
#[must_use]
pub fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").expect("/proc is there")
}

/// Waits until `is` holds; for what the kernel does a moment after a process was killed.
///
/// # Panics
/// If it does not come to hold in a time in which everything would have happened.
pub fn eventually<T: std::fmt::Debug>(what: &str, look: impl Fn() -> T, is: impl Fn(&T) -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let seen = look();
        if is(&seen) {
            return;
        }
        assert!(Instant::now() < until, "{what}: {seen:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
