//! From an author's `assignment.yaml` to a WorkflowTemplate that has been checked.
//!
//! Data flows one way: assignment (raw → valid) → publication → plan → text → parsed back → held against the table.
//! Nothing here is asynchronous, and nothing here reaches a network.

#![forbid(unsafe_code)]

pub mod admission;
pub mod assignment;
pub mod audit;
pub mod diagnostics;
pub mod isolation;
pub mod look;
pub mod mounts;
pub mod operator;
pub mod pack;
pub mod plan;
pub mod render;
pub mod schema;
