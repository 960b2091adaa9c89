//! Whole pages: as they were, inert whatever is on them, and never too large. What they do in a browser is for `tests/page`.

mod dom;
mod golden;
mod inert;
mod samples;
mod size;
