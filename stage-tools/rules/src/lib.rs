//! Whether a submission is taken: pure judgement of dates and names.
//!
//! Setup decides by it, on the ticket's time and the snapshot. Clients look at the same before they send anything, on what they
//! know; nothing that they find decides. This crate reads no clock and no file.

#![forbid(unsafe_code)]

use assay_contract::configuration::{Schedule, SubmissionRules};
use assay_contract::result::Refusal;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::Timestamp;

/// Why a submission is not graded: a stable word for it, and a sentence for the student.
pub fn refusal(code: impl Into<String>, message: impl Into<String>) -> Refusal {
    Refusal { code: code.into(), message: message.into() }
}

/// How a hand-in time lies to the due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Seconds after the due date; 0 on time.
    pub late_seconds: u64,
    /// The due date, in seconds since 1970.
    pub due: Option<i64>,
}

/// How `handed_in` lies to the schedule. Waiting in a queue never makes a submission late: this is the time of the
/// hand-in, not of the run.
#[must_use]
pub fn timing(schedule: &Schedule, handed_in: Timestamp) -> Timing {
    let due = schedule.due.as_ref().map(|due| due.unix);
    let late = due.map_or(0, |due| handed_in.as_second().saturating_sub(due));
    Timing { late_seconds: u64::try_from(late).unwrap_or(0), due }
}

/// Judges the date.
///
/// # Errors
/// If it is too early or too late.
pub fn judge(schedule: &Schedule, handed_in: Timestamp) -> Result<(), Refusal> {
    if let Some(opens) = &schedule.opens
        && handed_in.as_second() < opens.unix
    {
        return Err(refusal("not-open", format!("submissions are taken from {} on", opens.text)));
    }
    let late_seconds = timing(schedule, handed_in).late_seconds;
    if late_seconds > schedule.late_seconds {
        let due = schedule.due.as_ref().map_or("", |due| &due.text);
        let message = if schedule.late_seconds == 0 {
            format!("submissions were due {due}; late ones are not taken")
        } else {
            format!("submissions were due {due}, and the time for late ones is over too")
        };
        return Err(refusal("too-late", message));
    }
    Ok(())
}

/// The globs of an assignment, ready to match; `None` where every file is allowed.
///
/// # Errors
/// If one is no glob.
pub fn allow_list(rules: &SubmissionRules) -> Result<Option<GlobSet>, globset::Error> {
    if rules.allowed.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for glob in &rules.allowed {
        set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    set.build().map(Some)
}

/// Judges the names of what was handed in: every file must match a glob, or be required by name.
///
/// # Errors
/// If one does neither.
pub fn judge_names<'a>(
    rules: &SubmissionRules,
    allowed: Option<&GlobSet>,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let Some(allowed) = allowed else { return Ok(()) };
    let stray: Vec<&str> =
        names.filter(|name| !allowed.is_match(name) && !rules.required.iter().any(|r| r == name)).collect();
    match stray.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let others = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            Err(refusal(
                "file-not-allowed",
                format!(
                    "`{}`{others} cannot be handed in; allowed are {}",
                    first.escape_debug(),
                    rules.allowed.join(", ")
                ),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_contract::configuration::Instant;

    fn schedule(late_seconds: u64) -> Schedule {
        let at = |unix| Some(Instant { unix, text: format!("at {unix}") });
        Schedule { api_version: String::new(), opens: at(100), due: at(200), late_seconds }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_bounds_belong_to_the_student() {
        for (second, late, verdict) in [
            (99, 50, Err("not-open")),
            (100, 50, Ok(())),
            (200, 0, Ok(())),
            (201, 0, Err("too-late")),
            (250, 50, Ok(())),
            (251, 50, Err("too-late")),
        ] {
            let judged = judge(&schedule(late), at(second));
            assert_eq!(judged.as_ref().map_err(|r| r.code.as_str()).copied(), verdict, "{second}");
        }
    }

    #[test]
    fn lateness_counts_from_the_due_date() {
        assert_eq!(timing(&schedule(0), at(150)), Timing { late_seconds: 0, due: Some(200) });
        assert_eq!(timing(&schedule(0), at(260)).late_seconds, 60);
    }

    #[test]
    fn names_are_matched_in_their_folder_only() {
        let rules = SubmissionRules {
            required: vec!["Makefile".into()],
            allowed: vec!["*.c".into(), "src/**/*.h".into()],
            size_bytes: 1,
            unpacked_bytes: 1,
            files: 1,
            attempts: None,
            cooldown_seconds: 0,
        };
        let set = allow_list(&rules).unwrap();
        let judge = |names: &[&str]| judge_names(&rules, set.as_ref(), names.iter().copied());
        assert!(judge(&["a.c", "src/x/y.h", "Makefile"]).is_ok());
        let refusal = judge(&["a.c", "src/a.c", "run.sh"]).unwrap_err();
        assert_eq!(refusal.code, "file-not-allowed");
        assert!(refusal.message.starts_with("`src/a.c` and 1 more"), "{}", refusal.message);
    }
}
