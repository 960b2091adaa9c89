//! Which users of this machine stand behind the users of a job.
//!
//! Root maps 1 to 65535 inside to a range that no account has; an ordinary user takes the subordinate range that
//! `/etc/subuid` grants, if `newuidmap` is there; otherwise all stages share the caller's one user, and that is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where root's range starts: above what distributions, directories and subordinate ranges hand out, below 2^31.
const RANGE_START: u32 = 1_500_000_000;
/// Users inside, 0 included.
const USERS: u32 = 65_536;
/// The fewest subordinate ids with which the stages' users fit.
const FEWEST: u32 = 20_002;

/// Where `newuidmap` and `newgidmap` may be; `PATH` is not asked, because they run with rights.
const HELPER_FOLDERS: [&str; 4] = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"];

/// Which users of this machine stand behind the users of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Users {
    /// A range that no account has; only root can do that.
    Range,
    /// The subordinate range of this account.
    Subordinate,
    /// This account alone.
    Single,
}

/// How the maps of a user namespace are to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mapping {
    Range,
    Subordinate { helpers: PathBuf, uids: (u32, u32), gids: (u32, u32) },
    Single { why: &'static str },
}

/// The mapping to use here.
pub(crate) fn choose() -> Mapping {
    let uid = rustix::process::geteuid();
    if uid.is_root() {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let groups = fs::read_to_string("/proc/self/gid_map").unwrap_or_default();
        return if maps_range(&map) && maps_range(&groups) {
            Mapping::Range
        } else {
            Mapping::Single { why: "this container has no spare users" }
        };
    }
    let Some(helpers) = HELPER_FOLDERS
        .iter()
        .map(Path::new)
        .find(|folder| folder.join("newuidmap").exists() && folder.join("newgidmap").exists())
    else {
        return Mapping::Single { why: "newuidmap is not installed" };
    };
    let name = account_name(&fs::read_to_string("/etc/passwd").unwrap_or_default(), uid.as_raw());
    let grant =
        |file: &str| granted(&fs::read_to_string(file).unwrap_or_default(), name.as_deref(), uid.as_raw());
    match (grant("/etc/subuid"), grant("/etc/subgid")) {
        (Some(uids), Some(gids)) => Mapping::Subordinate { helpers: helpers.to_owned(), uids, gids },
        _ => Mapping::Single { why: "/etc/subuid and /etc/subgid grant this account no users" },
    }
}

impl Mapping {
    pub(crate) fn users(&self) -> Users {
        match self {
            Mapping::Range => Users::Range,
            Mapping::Subordinate { .. } => Users::Subordinate,
            Mapping::Single { .. } => Users::Single,
        }
    }

    /// What cannot be had with it, in words.
    pub(crate) fn lack(&self) -> Option<String> {
        match self {
            Mapping::Range | Mapping::Subordinate { .. } => None,
            Mapping::Single { why } => Some(format!(
                "users apart: all stages run as one user of this machine, with that user's groups ({why})"
            )),
        }
    }

    /// Writes the maps of the user namespace of process `pid`, a child of this process.
    pub(crate) fn write(&self, pid: u32) -> std::io::Result<()> {
        match self {
            Mapping::Range => {
                // 0 stands for the caller, so that folders of root's can be shown; no stage runs as 0.
                let map = format!("0 0 1\n1 {} {}\n", RANGE_START + 1, USERS - 1);
                fs::write(format!("/proc/{pid}/uid_map"), &map)?;
                fs::write(format!("/proc/{pid}/gid_map"), &map)
            }
            Mapping::Subordinate { helpers, uids, gids } => {
                let own = rustix::process::geteuid().as_raw();
                helper(&helpers.join("newuidmap"), pid, own, *uids)?;
                helper(&helpers.join("newgidmap"), pid, rustix::process::getegid().as_raw(), *gids)
            }
            // The namespace's own process does it: no right is needed for one user.
            Mapping::Single { .. } => Ok(()),
        }
    }
}

fn helper(program: &Path, pid: u32, own: u32, (start, count): (u32, u32)) -> std::io::Result<()> {
    let count = count.min(USERS - 1);
    let numbers = [pid, 0, own, 1, 1, start, count].map(|n| n.to_string());
    let output = Command::new(program).args(numbers).env_clear().stdin(Stdio::null()).output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// Whether a `uid_map` shows that the range of root's jobs exists in this user namespace.
fn maps_range(map: &str) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(inside)), Some(Ok(_)), Some(Ok(count))) = (fields.next(), fields.next(), fields.next())
        else {
            return false;
        };
        inside <= u64::from(RANGE_START) && u64::from(RANGE_START) + u64::from(USERS) <= inside + count
    })
}

/// The name of `uid` in `/etc/passwd`.
fn account_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The first range that is granted and large enough: start and count.
fn granted(file: &str, name: Option<&str>, uid: u32) -> Option<(u32, u32)> {
    let number = uid.to_string();
    file.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let who = fields.next()?;
        let (start, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        ((Some(who) == name || who == number) && count >= FEWEST).then_some((start, count))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_found_by_name_and_by_number() {
        let file = "alice:100000:65536\n1002:200000:65536\nbob:300000:100\n\nbroken\n";
        assert_eq!(granted(file, Some("alice"), 1001), Some((100_000, 65_536)));
        assert_eq!(granted(file, None, 1002), Some((200_000, 65_536)));
        assert_eq!(granted(file, Some("bob"), 1003), None, "too few for the stages' users");
        assert_eq!(granted(file, Some("carol"), 1004), None);
    }

    #[test]
    fn account_names_come_from_the_third_field() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nalice:x:1001:1001::/home/alice:/bin/sh\n";
        assert_eq!(account_name(passwd, 1001).as_deref(), Some("alice"));
        assert_eq!(account_name(passwd, 7), None);
    }

    #[test]
    fn a_container_with_few_users_has_no_range() {
        assert!(maps_range("         0          0 4294967295\n"));
        assert!(!maps_range("0 100000 65536\n"));
        assert!(!maps_range("0 1000 1\n1 100000 65536\n"));
        assert!(!maps_range(""));
    }
}
