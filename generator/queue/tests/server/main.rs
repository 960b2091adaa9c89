//! The queue server over HTTP, against a cluster and a hub that are stand-ins: what callers may, what is lost when something
//! dies, and who comes next.

mod bench;
mod cluster;
mod hand_in;
mod hub;
mod outages;
mod rights;
