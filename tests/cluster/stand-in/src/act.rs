//! Breaking things.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use assay_contract::configuration::TestConfiguration;
use assay_contract::outcome::{CaseOutcome, End, Usage};
use assay_contract::{API_VERSION, Volume, layout};
use assay_tests_stand_in::{ASLEEP, Act};

use crate::say;

/// Does it; comes back from [`Act::Fill`] alone.
pub(crate) fn act(act: Act) -> Result<(), Box<dyn Error>> {
    match act {
        #[expect(clippy::exit, reason = "an end without a word is what was ordered")]
        Act::Exit(code) => std::process::exit(code.into()),
        Act::Abort => std::process::abort(),
        Act::Sleep => {
            say(ASLEEP);
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        Act::TakeMemory => {
            let mut taken = Vec::new();
            loop {
                taken.push(std::hint::black_box(vec![1u8; 1 << 20]));
            }
        }
        Act::TakeDisk => {
            // The one place of a pod of Argo's that is no volume of the job and can be written.
            fill(Path::new("/var/run/argo/stand-in"))?;
            say(ASLEEP);
            // The kubelet looks at disks now and then.
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        Act::Fill(volume) => {
            let error = fill(&Path::new(&volume.path()).join("stand-in"));
            say(&format!("{volume} is full: {error:?}"));
            Ok(())
        }
    }
}

/// More than any pod or volume of a test may hold, so that a place without a limit does not fill its machine.
const MOST: u64 = 2 << 30;

/// Writes until nothing more can be written.
fn fill(path: &Path) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    let block = vec![1u8; 64 << 10];
    for _ in 0..MOST / block.len() as u64 {
        file.write_all(&block)?;
    }
    Ok(())
}

/// Leaves what the real tool leaves of cases that print their own first argument and a line's end.
pub(crate) fn leave_cases(cases: usize) -> Result<(), Box<dyn Error>> {
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
