//! The queue server: takes hand-ins, answers at once with a ticket, starts jobs in a fair order, tells where they stand.
//!
//! Students talk to it and to nothing else of the cluster. It holds two secrets: the key that signs tickets and the secret
//! that ids are made with. It never sees a zip, an answer or a mark's reason, mounts no volume, and keeps no state: all that
//! it knows is in the cluster, so any number of servers can run and any of them can die.

#![forbid(unsafe_code)]

mod board;
mod dispatch;
pub mod estimate;
mod http;
pub mod id;
pub mod identity;
mod metrics;
mod mirror;
pub mod order;
mod run;
mod serve;
pub mod settings;
mod standing;

pub use run::{Parts, run};
