//! Requests: what students handed in, as objects of the cluster, from the hand-in until some weeks after the conclusion.
//!
//! They are what the queue server knows: it keeps no state of its own, so that any number of it can run. What was asked is
//! in the specification and never changes; how far it is, is in the status. Every step names the version of the object that
//! it was decided on, so that of two servers that decide the same, one acts. A request is never proof of anything: the
//! ticket in it is, and that is signed.

mod kind;
mod store;

pub use kind::{Origin, Progress, Request, RequestSpec, RequestStatus};
pub use store::{Stored, conclude, forget, list, put_back, seen, start, store};
