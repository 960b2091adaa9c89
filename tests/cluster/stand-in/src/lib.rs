//! What a submission orders the stand-in to do, and what that says of its surroundings.
//!
//! The stand-in is for tests: it does what it reads in a submission. It must never be part of an image that grades
//! anybody.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use assay_contract::{Access, Stage, Volume};
use serde::{Deserialize, Serialize};

/// The file of a submission that holds [`Orders`].
pub const ORDERS: &str = "orders.json";
/// Behind what a line of the log begins that holds what every stage saw, as a map of [`Surroundings`] by stage.
pub const SAW: &str = "stand-in saw ";
/// What the log says when the stand-in sleeps.
pub const ASLEEP: &str = "stand-in sleeps";

/// What the stand-in is to do, in all stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Orders {
    /// What to break, each in its stage.
    #[serde(default)]
    pub breaks: Vec<Order>,
    /// Addresses, `host:port`, that every stage is to try; `None` where nobody wants to know.
    #[serde(default)]
    pub look: Option<Vec<String>>,
}

/// One thing to break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Order {
    /// In which stage.
    pub stage: Stage,
    /// When.
    pub moment: Moment,
    /// What.
    pub act: Act,
    /// In how many runs of the stage; later ones are left alone.
    #[serde(default = "always")]
    pub times: u32,
}

fn always() -> u32 {
    u32::MAX
}

/// When the stand-in does what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// In the real tool's place. Setup reads its orders when the real tool is done, so it knows no such moment.
    Instead,
    /// In Test, when so many cases are durable. The real tool refuses to run beside another process, so the stand-in
    /// leaves what that would have left of them.
    AfterCases(usize),
    /// When the real tool is done; not in Verify and Test, where it takes the stand-in's own place.
    After,
    /// Before the real tool, which then runs.
    Before,
}

/// What the stand-in does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Ends with that code.
    Exit(u8),
    /// Ends by a signal.
    Abort,
    /// Sleeps until somebody ends it.
    Sleep,
    /// Takes memory until somebody ends it.
    TakeMemory,
    /// Writes to the local disk of its pod until somebody ends it.
    TakeDisk,
    /// Writes to a volume until it is full.
    Fill(Volume),
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
}
