//! The student's result as one page of HTML.
//!
//! The page stands alone: it runs nothing, asks for nothing and names no other place, and says so to the browser by its
//! policy. It shows all that is in the student's result and nothing that is not: what a student may see is decided before,
//! in `assay_score`. This crate is pure: the same documents give the same page, byte for byte.

#![forbid(unsafe_code)]

mod amount;
mod escape;
mod text;
mod view;
mod words;

use assay_contract::result::StudentResult;

pub use text::{MAX_CASES, MAX_TEXT};
pub use words::{advice, verdict as verdict_in_words};

/// What is known when a result is delivered, beside the result itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery<'a> {
    /// What the student was told of a refusal, in a sentence that names the file; `None` where nothing was refused.
    pub refusal: Option<&'a str>,
    /// Whether there is a signed receipt of what was received.
    pub received: bool,
    /// Whether the result lies beside its page as a document; not where no result came to be.
    pub document: bool,
}

/// The page of a result.
#[must_use]
pub fn page(result: &StudentResult, delivery: Delivery<'_>) -> String {
    view::render(result, delivery)
}
