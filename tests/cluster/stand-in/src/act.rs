//! Breaking things.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_contract::configuration::TestConfiguration;
use assay_contract::outcome::{CaseOutcome, End, Usage};
use assay_contract::{API_VERSION, Volume, layout};
use assay_tests_stand_in::{ASLEEP, Act, KEPT, Kept};
use serde::de::DeserializeOwned;

use crate::say;

/// Does it; comes back only where it says so.
pub(crate) fn act(act: Act) -> Result<(), Box<dyn Error>> {
    match act {
        Act::LeaveCases(cases) => leave_cases(cases.into()),
        #[expect(clippy::exit, reason = "an end without a word is what was ordered")]
        Act::Exit(code) => std::process::exit(code.into()),
        Act::ExitUntilSwept(code) => {
            if is_swept()? {
                Ok(())
            } else {
                self::act(Act::Exit(code))
            }
        }
        Act::Abort => std::process::abort(),
        Act::Sleep => {
            say(ASLEEP);
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        Act::Pause(seconds) => {
            say(ASLEEP);
            std::thread::sleep(Duration::from_secs(seconds.into()));
            Ok(())
        }
        Act::TakeMemory => {
            let mut taken = Vec::new();
            loop {
                taken.push(std::hint::black_box(vec![1u8; 1 << 20]));
            }
        }
        Act::TakeDisk => {
            // The one place of a pod of Argo's that is no volume of the job and can be written.
            let said = fill(Path::new("/var/run/argo/stand-in"));
            say(&format!("{ASLEEP}: {said:?}"));
            // The kubelet looks at disks now and then.
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        Act::Fill(volume) => {
            // What it says at last does not matter: a place that is full may say so late.
            let said = fill(&filling(volume));
            say(&format!("{volume} was filled: {said:?}"));
            Ok(())
        }
        Act::Tell => tell(),
        Act::Empty(volume) => Ok(fs::remove_file(filling(volume))?),
    }
}

/// Whether an earlier Workflow of this job came as far as this.
fn is_swept() -> std::io::Result<bool> {
    let [before, now] = [Volume::Student, Volume::Finalisation]
        .map(|volume| Path::new(&volume.path()).join("stand-in-was-here"));
    let swept = before.exists() && !now.exists();
    if !swept {
        File::create(now)?;
        File::create(before)?;
    }
    Ok(swept)
}

fn tell() -> Result<(), Box<dyn Error>> {
    // <course>/<name>/gradebook/<job>.json, and .assay/<course>/<name>/<job>/status.json.
    let gradebook = Path::new(&Volume::PrivateResults.path()).to_owned();
    let jobs = Path::new(&Volume::Student.path()).join(".assay");
    let kept = Kept {
        gradebook: documents(&gradebook, 4, |path| {
            path.parent().is_some_and(|dir| dir.ends_with("gradebook"))
        })?,
        statuses: documents(&jobs, 4, |path| path.ends_with(layout::STATUS))?,
    };
    say(&format!("{KEPT}{}", serde_json::to_string(&kept)?));
    Ok(())
}

/// All documents of a kind, so many levels beneath a folder.
fn documents<T: DeserializeOwned>(
    folder: &Path,
    levels: usize,
    wanted: fn(&Path) -> bool,
) -> Result<Vec<T>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && levels > 1 {
            found.extend(documents(&path, levels - 1, wanted)?);
        } else if wanted(&path) {
            found.push(serde_json::from_slice(&fs::read(&path)?)?);
        }
    }
    Ok(found)
}

fn filling(volume: Volume) -> PathBuf {
    Path::new(&volume.path()).join("stand-in-fills")
}

/// More than any pod or volume of these tests may hold, so that a place without a limit does not fill its machine.
const MOST: u64 = 512 << 20;

/// Writes until nothing more can be written.
fn fill(path: &Path) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    // Small blocks at last, so that not even a short document finds room.
    for size in [64 << 10, 512, 1] {
        let block = vec![1u8; size];
        while file.stream_position()? < MOST && file.write_all(&block).is_ok() {}
    }
    file.sync_all()
}

/// Leaves what the real tool leaves of cases that print their own first argument and a line's end.
fn leave_cases(cases: usize) -> Result<(), Box<dyn Error>> {
    let plan = fs::read(Path::new(&Volume::Submission.path()).join(layout::PLAN))?;
    let plan: TestConfiguration = serde_json::from_slice(&plan)?;
    for case in plan.test.cases.into_iter().take(cases) {
        let dir = Path::new(&Volume::Testing.path()).join(layout::case_dir(&case.id));
        let said = format!("{}\n", case.run.last().ok_or("a case without a command")?);
        let outcome = CaseOutcome {
            api_version: API_VERSION.into(),
            id: case.id,
            end: End::Exited(0),
            usage: Usage::default(),
            stdout_bytes: said.len() as u64,
            stderr_bytes: 0,
        };
        fs::create_dir_all(&dir)?;
        fs::write(dir.join(layout::STDOUT), said)?;
        fs::write(dir.join(layout::STDERR), "")?;
        fs::write(dir.join(layout::OUTCOME), serde_json::to_vec(&outcome)?)?;
    }
    Ok(())
}
