//! Stands in for the stage tool in the cluster's tests.
//!
//! It runs the real tool with its own arguments, and beside that does what the submission orders. Setup's puts itself in the
//! place of the tool that Verify and Test execute.

#![forbid(unsafe_code)]

mod act;
mod look;

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use assay_contract::{Stage, Trust, Volume, layout};
use assay_tests_stand_in::{Moment, ORDERS, Order, Orders};

/// The real tool, in the image of trusted stages.
const REAL: &str = "/real/assay-stage";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ended = match args.first().and_then(|name| Stage::from_id(name)) {
        Some(stage) => stand_in(stage, &args),
        None => become_real(Path::new(REAL), &args),
    };
    ended.unwrap_or_else(|error| {
        say(&format!("stand-in: {error}"));
        // No code of the real tool's.
        ExitCode::from(99)
    })
}

fn stand_in(stage: Stage, args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let real = real(stage);
    if stage == Stage::Setup {
        let code = run(&real, args)?;
        if let Some(orders) = orders()? {
            take_the_tools_place()?;
            look(stage, &orders)?;
            obey(stage, Moment::After, count_runs(stage)?, &orders)?;
        }
        return Ok(code);
    }
    let Some(orders) = orders()? else { return become_real(&real, args) };
    let run_number = count_runs(stage)?;
    look(stage, &orders)?;
    obey(stage, Moment::Before, run_number, &orders)?;
    obey(stage, Moment::Instead, run_number, &orders)?;
    if stage.trust() == Trust::Untrusted {
        return become_real(&real, args);
    }
    let code = run(&real, args)?;
    obey(stage, Moment::After, run_number, &orders)?;
    Ok(code)
}

/// Where the real tool is.
fn real(stage: Stage) -> PathBuf {
    match stage.trust() {
        Trust::Trusted => REAL.into(),
        Trust::Untrusted => laid_out("real"),
    }
}

/// The tool that Setup laid out, or one beside it.
fn laid_out(name: &str) -> PathBuf {
    Path::new(&Volume::Submission.path()).join(layout::TOOL).with_file_name(name)
}

fn take_the_tools_place() -> std::io::Result<()> {
    let tool = Path::new(&Volume::Submission.path()).join(layout::TOOL);
    fs::rename(&tool, laid_out("real"))?;
    fs::copy("/proc/self/exe", &tool)?;
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755))
}

/// What the submission orders; `None` where it orders nothing, or was not laid out.
fn orders() -> Result<Option<Orders>, Box<dyn Error>> {
    let path = Path::new(&Volume::Submission.path()).join(layout::TREE).join(ORDERS);
    match fs::read(&path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(_) => Ok(None),
    }
}

fn run(real: &Path, args: &[String]) -> std::io::Result<ExitCode> {
    let code = Command::new(real).args(args).status()?.code();
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(99)))
}

fn become_real(real: &Path, args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    Err(Command::new(real).args(args).exec().into())
}

/// The number of this run of the stage, from 1.
fn count_runs(stage: Stage) -> std::io::Result<u32> {
    let place = Path::new(&own(stage).path()).join("stand-in-runs");
    let earlier: u32 = fs::read_to_string(&place).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    fs::write(&place, (earlier + 1).to_string())?;
    Ok(earlier + 1)
}

/// Does what is ordered for this moment.
fn obey(stage: Stage, moment: Moment, run_number: u32, orders: &Orders) -> Result<(), Box<dyn Error>> {
    for Order { stage: of, moment: at, act, runs: (first, last) } in &orders.breaks {
        if *of == stage && *at == moment && (*first..=*last).contains(&run_number) {
            act::act(*act)?;
        }
    }
    Ok(())
}

/// Keeps what this stage sees; Finalise, which can read all of it, prints it.
fn look(stage: Stage, orders: &Orders) -> Result<(), Box<dyn Error>> {
    let Some(addresses) = &orders.look else { return Ok(()) };
    let place = |stage| Path::new(&own(stage).path()).join("stand-in-saw.json");
    fs::write(place(stage), serde_json::to_vec(&look::around(addresses)?)?)?;
    if stage == Stage::Finalise {
        let mut all = serde_json::Map::new();
        for stage in Stage::ALL {
            all.insert(stage.id().into(), serde_json::from_slice(&fs::read(place(stage))?)?);
        }
        say(&format!("{}{}", assay_tests_stand_in::SAW, serde_json::Value::Object(all)));
    }
    Ok(())
}

/// The volume that this stage writes and no earlier one.
fn own(stage: Stage) -> Volume {
    match stage {
        Stage::Setup => Volume::SetupConfiguration,
        Stage::Verify => Volume::Verification,
        Stage::Test => Volume::Testing,
        Stage::Results => Volume::Results,
        Stage::Finalise => Volume::Finalisation,
    }
}

#[expect(clippy::print_stderr, reason = "a stage's log is its standard error")]
fn say(line: &str) {
    eprintln!("{line}");
}
