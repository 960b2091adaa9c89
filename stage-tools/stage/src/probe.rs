//! Probes: how a cluster is, seen from where jobs run. One word says what to look at, one line of JSON answers.
//!
//! What fails is an answer too, so a probe ends well unless it cannot answer. It holds no key, and touches a student's
//! home only to look at its owner and mode. It writes to the claim that was made for it, and removes nothing: the claim
//! is removed whole.

use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

use assay_contract::probe::{
    CLAIM, Connected, FOLDER, Home, LARGE_BYTES, Looked, Machine, Owned, PORT, Probe, SMALL_FILES,
    SUBCOMMAND, Written,
};
use assay_contract::{Exit, Volume};
use serde::Serialize;

use crate::confine;

/// What a program that is started from a volume is told: there is nothing to do but to have been started.
const STARTED: &str = "started";
/// On the claim, in [`FOLDER`]: this program.
const PROGRAM: &str = "assay-stage";
/// On the claim, in [`FOLDER`]: a file that nobody else may change.
const KEPT: &str = "kept";
/// What each small file holds.
const SMALL: [u8; 100] = [b'.'; 100];
/// For how long connections are tried, the longest that one may take, and the pause after one.
const TRYING: Duration = Duration::from_secs(12);
const TRY: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// Looks at what the command line names, and answers.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answered = match words.as_slice() {
        [STARTED] => return ExitCode::SUCCESS,
        ["connect", address] => match address.parse() {
            Ok(address) => answer(&connect(address)),
            Err(_) => return usage(),
        },
        [name] => match Probe::from_id(name) {
            Some(Probe::Machine) => answer(&machine()),
            Some(Probe::Write) => answer(&write(Path::new(CLAIM), bring_program)),
            Some(Probe::Look) => answer(&look(Path::new(CLAIM), start)),
            Some(Probe::Own) => answer(&own(Path::new(CLAIM))),
            Some(Probe::Home) => home(Path::new(&Volume::Student.path())).and_then(|home| answer(&home)),
            Some(Probe::Listen) => listen(),
            Some(Probe::Connect) | None => return usage(),
        },
        _ => return usage(),
    };
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::say(&format!("error: {SUBCOMMAND}: {error}"));
            ExitCode::from(Exit::Io.code())
        }
    }
}

fn usage() -> ExitCode {
    let probes = Probe::ALL.map(Probe::id).join("|");
    crate::say(&format!("error: assay-stage {SUBCOMMAND} {probes}; connect wants an address"));
    ExitCode::from(Exit::Usage.code())
}

fn answer<T: Serialize>(findings: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(findings)?;
    line.push(b'\n');
    io::stdout().lock().write_all(&line)
}

fn machine() -> Machine {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let status = text("/proc/self/status");
    let of_status = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse::<u8>().ok())
    };
    let unified = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let split = Path::new("/sys/fs/cgroup/pids").exists();
    let pids = if unified { "/sys/fs/cgroup/pids.max" } else { "/sys/fs/cgroup/pids/pids.max" };
    let (pids_max, unix_ms) = (text(pids).trim().parse().ok(), unix_ms());
    let kernel = text("/proc/sys/kernel/osrelease").trim().to_owned();
    Machine {
        kernel,
        cgroup: if unified { 2 } else { u8::from(split) },
        pids_max,
        seccomp: of_status("Seccomp").unwrap_or(0),
        no_new_privileges: of_status("NoNewPrivs") == Some(1),
        unix_ms,
        // The last of all: no file can be opened afterwards.
        landlock_abi: confine::give_up_all_paths().unwrap_or(0),
    }
}

fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Notes what failed, and goes on.
fn tried<T>(failed: &mut Vec<String>, what: &str, result: io::Result<T>) -> Option<T> {
    result.map_err(|error| failed.push(format!("{what}: {error}"))).ok()
}

fn write(claim: &Path, bring: impl FnOnce(&Path) -> io::Result<()>) -> Written {
    let mut failed = Vec::new();
    let folder = claim.join(FOLDER);
    if tried(&mut failed, "make a folder in the volume's root", fs::create_dir(&folder)).is_none() {
        return Written { failed, ..Written::default() };
    }
    let large = measured(|| write_large(&folder.join("large")));
    let large_ms = tried(&mut failed, "write a large file", large);
    let small = measured(|| (0..SMALL_FILES).try_for_each(|n| fs::write(small(&folder, n), SMALL)));
    let small_ms = tried(&mut failed, "write small files", small);
    tried(&mut failed, "write a file", fs::write(folder.join(KEPT), KEPT));
    let program = folder.join(PROGRAM);
    let runs = tried(&mut failed, "run a program from the volume", bring(&program)).is_some();
    Written { large_ms, small_ms, runs, failed }
}

fn small(folder: &Path, n: u32) -> PathBuf {
    folder.join(format!("small-{n}"))
}

fn measured(work: impl FnOnce() -> io::Result<()>) -> io::Result<u64> {
    let start = Instant::now();
    work()?;
    Ok(milliseconds(start))
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn write_large(path: &Path) -> io::Result<()> {
    let chunk = vec![b'.'; 1 << 20];
    let mut file = fs::File::create(path)?;
    let mut left = LARGE_BYTES;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(chunk.len()).min(chunk.len());
        file.write_all(&chunk[..length])?;
        left -= length as u64;
    }
    file.sync_all()
}

/// Brings this program to the volume as Setup brings the stage tool, and starts it there.
fn bring_program(program: &Path) -> io::Result<()> {
    fs::copy(std::env::current_exe()?, program)?;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))?;
    start(program)
}

fn start(program: &Path) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args([SUBCOMMAND, STARTED]).stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

fn look(claim: &Path, start: impl FnOnce(&Path) -> io::Result<()>) -> Looked {
    let mut failed = Vec::new();
    let folder = claim.join(FOLDER);
    let whole = |n: &u32| fs::read(small(&folder, *n)).is_ok_and(|bytes| bytes == SMALL);
    let files = u32::try_from((0..SMALL_FILES).filter(whole).count()).unwrap_or(u32::MAX);
    let runs = tried(&mut failed, "run a program from the volume", start(&folder.join(PROGRAM))).is_some();
    let wrote = fs::write(claim.join("must-not-be"), "").is_ok();
    Looked { files, runs, wrote, failed }
}

fn own(claim: &Path) -> Owned {
    let mut failed = Vec::new();
    let mine = claim.join("from-the-untrusted-user");
    let made = fs::create_dir(&mine).and_then(|()| fs::write(mine.join("file"), SMALL));
    let wrote = tried(&mut failed, "write to the volume's root", made).is_some();
    let theirs = claim.join(FOLDER).join(KEPT);
    let overwrote = fs::write(&theirs, "changed").is_ok() || fs::remove_file(&theirs).is_ok();
    Owned { wrote, overwrote, failed }
}

fn home(home: &Path) -> io::Result<Home> {
    let found = fs::metadata(home)?;
    let listed = fs::read_dir(home).is_ok();
    Ok(Home { uid: found.uid(), gid: found.gid(), mode: found.mode() & 0o7777, listed })
}

/// Takes connections, and says once that it does; whoever started the pod removes it.
fn listen() -> io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).or_else(|_| TcpListener::bind(("::", PORT)))?;
    answer(&"listening")?;
    loop {
        // Who connects wants to have connected, nothing else.
        let _taken = listener.accept();
    }
}

fn connect(address: IpAddr) -> Connected {
    let address = SocketAddr::new(address, PORT);
    let start = Instant::now();
    let mut told = Connected { tries: 0, reached: 0, last_ms: None, tried_ms: 0 };
    while start.elapsed() < TRYING {
        let reached = TcpStream::connect_timeout(&address, TRY).is_ok();
        told.tries += 1;
        if reached {
            told.reached += 1;
            told.last_ms = Some(milliseconds(start));
        }
        std::thread::sleep(PAUSE);
    }
    told.tried_ms = milliseconds(start);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_user_writes_the_next_one_finds() {
        let claim = tempfile::tempdir().unwrap();
        let written = write(claim.path(), |program| fs::write(program, "a program"));
        assert!(written.runs);
        assert!(written.large_ms.is_some() && written.small_ms.is_some(), "{:?}", written.failed);
        let looked = look(claim.path(), |program| fs::metadata(program).map(drop));
        assert!(looked.runs);
        assert_eq!(looked.files, SMALL_FILES);
        assert!(looked.wrote, "this folder can be written");
    }

    #[test]
    fn a_claim_that_cannot_be_written_says_so() {
        let written = write(Path::new("/proc"), |_| Ok(()));
        assert_eq!((written.large_ms, written.runs), (None, false));
        assert!(written.failed[0].starts_with("make a folder in the volume's root"), "{:?}", written.failed);
    }
}
