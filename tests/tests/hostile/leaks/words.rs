//! What the student is shown in words holds no secret, and less of one when it is no secret any more.

use assay_contract::Exit;
use assay_tests::program::Who;
use libtest_mimic::Trial;

use super::canaries::Secrets;
use super::curious::{Curious, LOOKED_ON};
use super::told::Told;

pub(super) fn trials() -> Vec<Trial> {
    trials![t4_f2_what_the_student_is_shown_in_words_holds_no_secret_before_or_after_the_due_date]
}

fn t4_f2_what_the_student_is_shown_in_words_holds_no_secret_before_or_after_the_due_date() {
    let curious = Curious::new(Who::Caller);
    let submission = curious.submission("true");
    for (at, secrets, shown) in [
        ("2026-07-01 11:00", Secrets::of_students(), "shown from the due date on"),
        // The group is shown now, with its input and its answer; the hidden cases are not.
        ("2026-07-01 13:00", Secrets::of_students_when_due(), "canary-answer-file"),
    ] {
        let attempt = curious.attempt(&LOOKED_ON, &submission, &["--at", at]);
        attempt.finished.ended(Exit::Done);
        let told = Told::by(at, &attempt.finished);
        told.holds_none_of(&secrets.and_key(attempt.key));
        told.says("not shown");
        told.says(shown);
    }
}
