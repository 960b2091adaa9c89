//! Runs a job of five stages on this machine, with the isolation of the table.
//!
//! The same plan, the same stage tool and the same table as in a cluster; kernel namespaces take the place of pods.
//! Nothing is installed, nothing is written outside the folder that the caller names, and a run that is killed at any
//! moment leaves nothing behind. Without namespaces nothing is run: there is no weaker way.
//!
//! A program that uses this crate calls [`enter`] first in its `main`: the engine starts that program anew for every
//! process inside.

mod error;
mod facts;
mod inside;
mod job;
mod keep;
mod order;
mod root;
mod run;
mod session;
mod toolchain;
mod users;
mod wire;

pub use error::{EngineError, Obstacle};
pub use inside::enter;
pub use job::{Capabilities, Cause, Event, Job, Run, StageRun};
pub use run::{probe, run};
pub use toolchain::ToolchainKind;
pub use users::Users;
