//! What a hostile zip costs its reader beside a benign one of the same shape. Prints a table and fails nothing.
//!
//! Each unpacking is a process of its own, as in Setup, which reads one zip and ends; its clock runs around the call of
//! the reader alone, and counts time on a processor. A hostile zip and its benign twin are read in turn, so that a slow moment meets both.
//!
//! What is compared is time per byte that was looked at: the bytes of the zip, and those that came out of it before it was
//! refused. A benign twin has the same shape, because the cost of a file that is made is no matter of its bytes: many
//! small files are compared with many small files, and one large one with one large one.

#[expect(dead_code, reason = "the zips of the reader's own tests can lie in more ways than these do")]
#[path = "../../../stage-tools/untrusted/tests/zips/builder.rs"]
mod builder;
mod kinds;
mod streams;

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use assay_untrusted::Root;
use assay_untrusted::zip::{Budget, Failure, unpack};

use kinds::{KINDS, Kind, Made, TWINS};

/// How large zips are whose time is measured; times stand well above what a clock or a new process adds.
const TIMED: usize = 4;
/// How large zips are whose memory is measured.
const SIZES: [usize; 3] = [1, 4, 16];
/// An assignment's files, unless it says otherwise: memory is measured under one budget for all sizes.
const FILES: u64 = 1_000;
/// The most that a hostile zip's byte may cost, as the benign one's.
const AIM: f64 = 1.5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["read", zip, bytes, files] => read(Path::new(zip), Budget::new(bytes.parse()?, files.parse()?)),
        only => compare(only),
    }
}

/// The process that reads one zip.
#[expect(clippy::print_stdout, reason = "it tells what it measured")]
fn read(zip: &Path, budget: Budget) -> Result<()> {
    let folder = zip.parent().ok_or("the zip is in no folder")?;
    let name = format!("tree-{}", std::process::id());
    let (file, root) = (File::open(zip)?, Root::open(folder)?);
    let before = peak_kib()?;
    let start = nanoseconds();
    let unpacked = unpack(&file, &root, &name, &budget);
    let took = nanoseconds() - start;
    let code = match unpacked {
        Ok(_) => "accepted",
        Err(Failure::Refused(refusal)) => refusal.code(),
        Err(Failure::Failed(error)) => return Err(error.into()),
    };
    println!("{took} {} {before} {code}", peak_kib()?);
    assay_untrusted::remove_tree(&root, &name)?;
    Ok(())
}

/// Time on a processor so far, the kernel's work for it included. All that is read and written is in memory, so this is all the
/// time that it takes; what others do on the machine is not in it.
fn nanoseconds() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// The most memory that this process ever had. What `getrusage` tells would hold its parent's as well.
fn peak_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// What one process told.
struct Reading {
    nanoseconds: f64,
    peak_kib: u64,
    before_kib: u64,
}

/// A zip on disk.
struct Zip {
    path: PathBuf,
    code: &'static str,
    name: &'static str,
    budget: (u64, u64),
    /// The bytes that are looked at: its own, and those that come out.
    looked_at: u64,
}

impl Zip {
    fn write(folder: &Path, kind: &Kind, scale: usize) -> Result<Zip> {
        let Made { zip, produced, unpacked_bytes, files } = (kind.make)(scale);
        let path = folder.join(format!("{}-{scale}.zip", kind.name.replace(' ', "-")));
        fs::write(&path, &zip)?;
        let looked_at = produced + zip.len() as u64;
        Ok(Zip { path, code: kind.code, name: kind.name, budget: (unpacked_bytes, files), looked_at })
    }

    /// Reads it within that number of files.
    fn read(&self, files: u64) -> Result<Reading> {
        let output = Command::new("/proc/self/exe")
            .arg("read")
            .arg(&self.path)
            .args([self.budget.0.to_string(), files.to_string()])
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        let [took, peak, before, told] = said.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(format!("{}: {}", self.name, String::from_utf8_lossy(&output.stderr)).into());
        };
        // With fewer files than it was made for it may be refused for that.
        if told != self.code && files == self.budget.1 {
            return Err(format!("{}: {told} instead of {}", self.name, self.code).into());
        }
        Ok(Reading { nanoseconds: took.parse()?, peak_kib: peak.parse()?, before_kib: before.parse()? })
    }

    fn nanoseconds_a_byte(&self) -> Result<f64> {
        Ok(self.read(self.budget.1)?.nanoseconds / self.looked_at as f64)
    }
}

#[expect(clippy::print_stdout, reason = "the table")]
fn compare(only: &[&str]) -> Result<()> {
    let rounds = std::env::var("ROUNDS").map_or(Ok(9), |rounds| rounds.parse::<usize>())?;
    // Memory, where there is some: what is compared is the reader, not a disk.
    let memory = Path::new("/dev/shm");
    let work = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?;
    println!(
        "| zip | ends as | against | bytes looked at | ns a byte | of the benign one's | KiB it adds, at sizes {SIZES:?} |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut worst = ("none", 0.0);
    for kind in KINDS.iter().filter(|kind| only.is_empty() || only.contains(&kind.name)) {
        let twin = TWINS.iter().find(|twin| twin.name == kind.against).ok_or(kind.against)?;
        let (hostile, benign) =
            (Zip::write(work.path(), kind, TIMED)?, Zip::write(work.path(), twin, TIMED)?);
        let mut pairs = Vec::new();
        for _ in 0..rounds {
            let pair = (hostile.nanoseconds_a_byte()?, benign.nanoseconds_a_byte()?);
            pairs.push((pair.0 / pair.1, pair.0, pair.1));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ratio, hostile_ns, benign_ns) = pairs[pairs.len() / 2];
        if ratio > worst.1 {
            worst = (kind.name, ratio);
        }
        println!(
            "| {} | {} | {} | {} | {hostile_ns:.2} to {benign_ns:.2} | {ratio:.2}{} ({:.2}..{:.2}) | {} |",
            kind.name,
            kind.code,
            twin.name,
            hostile.looked_at,
            if ratio > AIM { " !" } else { "" },
            pairs[0].0,
            pairs[pairs.len() - 1].0,
            memory_of(work.path(), kind)?,
        );
    }
    for twin in TWINS.iter().filter(|_| only.is_empty()) {
        println!("| {} | accepted | itself | | | | {} |", twin.name, memory_of(work.path(), twin)?);
    }
    println!("the worst is `{}`: {:.2} (aim: at most {AIM})", worst.0, worst.1);
    Ok(())
}

/// What reading zips of several sizes takes under one budget. Where there are more entries than that allows, they are
/// refused for it.
fn memory_of(folder: &Path, kind: &Kind) -> Result<String> {
    let mut told = Vec::new();
    for scale in SIZES {
        let zip = Zip::write(folder, kind, scale)?;
        let Reading { peak_kib, before_kib, nanoseconds: _ } = zip.read(zip.budget.1.min(FILES))?;
        told.push((peak_kib - before_kib).to_string());
        fs::remove_file(&zip.path)?;
    }
    Ok(told.join(", "))
}
