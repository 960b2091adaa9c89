//! What Assay does in a cluster: publishes assignments, hands submissions in, follows jobs, reads results.
//!
//! Rights are the caller's own: this crate asks for nothing that [`rights`] does not list, and says which of them is
//! missing. It never prints, never ends the process, never waits without a limit, and never reads or writes a volume
//! itself: administrative pods do that ([`duty`]), each with its row of the table.

#![forbid(unsafe_code)]

mod argo;
pub mod connect;
pub mod doctor;
pub mod duty;
pub mod error;
pub mod files;
pub mod job;
pub mod patience;
mod pod;
pub mod request;
pub mod rights;
pub mod sweep;
pub mod template;
pub mod waiting;
pub mod watch;

pub use connect::{Cluster, Options};
pub use error::ClusterError;
