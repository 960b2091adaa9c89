//! The student's half of handing in: the queue server's HTTP client, and what is kept in the student's home.
//!
//! No Kubernetes is known here, no zip is opened, nothing is printed. Nobody is told that something was received unless the
//! server's ticket is there and says so. The caller's token goes to the address that the caller named and nowhere else: not
//! along a redirect, not into an error, not into `Debug`.

#![forbid(unsafe_code)]

mod address;
mod error;
mod events;
mod follow;
mod hand_in;
pub mod home;
mod http;
mod patience;

pub use address::{Address, AddressError, Token};
pub use error::ClientError;
pub use hand_in::{Fate, HandedIn, NotHandedIn, Order, Retry, Taken, key};
pub use http::Client;
pub use patience::Patience;
