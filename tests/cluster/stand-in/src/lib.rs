//! What a submission orders the stand-in to do, and what that says of its surroundings.
//!
//! The stand-in is for tests: it does what it reads in a submission. It must never be part of an image that grades
//! anybody.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use assay_contract::gradebook::{GradebookEntry, Status};
use assay_contract::{Access, Stage, Volume};
use serde::{Deserialize, Serialize};

/// The file of a submission that holds [`Orders`].
pub const ORDERS: &str = "orders.json";
/// Behind what a line of the log begins that holds what every stage saw, as a map of [`Surroundings`] by stage.
pub const SAW: &str = "stand-in saw ";
/// Behind what a line of the log begins that holds what is [`Kept`].
pub const KEPT: &str = "stand-in kept ";
/// What the log says when the stand-in sleeps.
pub const ASLEEP: &str = "stand-in sleeps";

/// What the stand-in is to do, in all stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Orders {
    /// What to break, each in its stage.
    pub breaks: Vec<Order>,
    /// Addresses, `host:port`, that every stage is to try; `None` where nobody wants to know.
    pub look: Option<Vec<String>>,
}

/// One thing to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Order {
    /// In which stage.
    pub stage: Stage,
    /// When.
    pub moment: Moment,
    /// What.
    pub act: Act,
    /// The first and the last of the stage's runs in which to do it, counted from 1.
    pub runs: (u32, u32),
}

/// When the stand-in does what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Before the real tool; not in Setup, which reads its orders when the real tool is done.
    Before,
    /// In the real tool's place, behind what comes before it; not in Setup.
    Instead,
    /// When the real tool is done; not in Verify and Test, where it takes the stand-in's own place.
    After,
}

/// What the stand-in does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Leaves what so many cases leave. The real tool refuses to run beside another process, so it cannot be broken off
    /// behind a case by one.
    LeaveCases(u16),
    /// Ends with that code.
    Exit(u8),
    /// Ends with that code as long as no job of this student was swept: in Finalise alone, which reaches the student's
    /// claim, that stays, and a volume of the job's own, that does not.
    ExitUntilSwept(u8),
    /// Ends by a signal of its own.
    Abort,
    /// Sleeps until somebody ends it.
    Sleep,
    /// Sleeps so many seconds and goes on.
    Pause(u16),
    /// Takes memory until somebody ends it.
    TakeMemory,
    /// Writes to the local disk of its pod until somebody ends it.
    TakeDisk,
    /// Writes to a volume until it is full.
    Fill(Volume),
    /// Takes away what it filled.
    Empty(Volume),
    /// Tells what is [`Kept`]; in Finalise alone, which reaches all of it.
    Tell,
}

/// What is kept of the student's jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kept {
    /// The course's gradebook.
    pub gradebook: Vec<GradebookEntry>,
    /// What the student was told.
    pub statuses: Vec<Status>,
}

/// What a stage saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Surroundings {
    /// Whatever is beneath `/volumes`, and whether a file could be made there.
    pub volumes: BTreeMap<String, Access>,
    /// Where else something is mounted.
    pub mounts: Vec<String>,
    /// Lines of `/proc/self/status`: ids, capabilities, privileges, seccomp.
    pub status: BTreeMap<String, String>,
    /// Names in the environment.
    pub environment: Vec<String>,
    /// Which of the places where tokens are mounted exist.
    pub tokens: Vec<String>,
    /// Which addresses answered a TCP connection or a datagram.
    pub reached: Vec<String>,
    /// Which of the files that Argo leaves for its own containers could be exchanged.
    pub exchanged: Vec<String>,
}
