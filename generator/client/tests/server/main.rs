//! The client against a server on loopback that does what its script says: it breaks off, babbles, lies, sends elsewhere.

mod asking;
mod hand_in;
mod scripted;
