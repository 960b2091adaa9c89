//! What the tests of the whole program share: the program itself, a bench to run it on, and looks at this machine.
//!
//! Everything here uses Assay as its users do: by the command line, exit codes, documents and files. Nothing of the
//! product but the contract's words is linked in.

#![forbid(unsafe_code)]

pub mod attacks;
pub mod bench;
pub mod finished;
pub mod machine;
pub mod program;
pub mod stages;
pub mod threats;
