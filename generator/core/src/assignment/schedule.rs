//! Dates: from the wall clock of a zone to points in time.
//!
//! Zones come from the database inside this program, so that every machine reads the same dates.

use assay_contract::API_VERSION;
use assay_contract::answers::LatePenalty;
use assay_contract::configuration::{Instant, Schedule};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::raw::{At, RawLate, RawSchedule};
use super::scalars::LocalTime;
use crate::diagnostics::{Problem, codes, nearest};

/// The schedule of an assignment that is always open.
pub(crate) fn always() -> (Schedule, LatePenalty) {
    let schedule = Schedule { api_version: API_VERSION.into(), opens: None, due: None, late_seconds: 0 };
    (schedule, LatePenalty::default())
}

/// The schedule and what lateness costs; a due date is missed only where all dates could be read.
pub(crate) fn check(
    raw: &RawSchedule,
    dates_read: bool,
    problems: &mut Vec<Problem>,
) -> Option<(Schedule, LatePenalty)> {
    let RawSchedule { zone, opens, due, late } = raw;
    let late_at = late.as_ref();
    let (late_seconds, penalty) =
        late_at.map_or((0, LatePenalty::default()), |late| lateness(&late.value, problems));
    if let Some(late) = late_at
        && due.is_none()
        && dates_read
    {
        let message = "there is no lateness without a due date";
        problems
            .push(Problem::new(&codes::DUE_MISSING, &late.place, message).hint("add `due` to `schedule`"));
    }
    let zone = time_zone(zone.as_ref()?, problems)?;
    // Both are looked at before either is missed, so that both are reported.
    let opens = opens.as_ref().map(|at| (at, instant(at, &zone, problems)));
    let due = due.as_ref().map(|at| (at, instant(at, &zone, problems)));
    if let (Some((_, Some(opens))), Some((due_at, Some(due)))) = (&opens, &due)
        && due.unix <= opens.unix
    {
        let message = format!("it is due at {}, before it opens at {}", due.text, opens.text);
        problems.push(Problem::new(&codes::OPENS_AFTER_DUE, &due_at.place, message));
    }
    let known = |time: Option<(&At<LocalTime>, Option<Instant>)>| match time {
        Some((_, None)) => None,
        Some((_, Some(instant))) => Some(Some(instant)),
        None => Some(None),
    };
    let schedule =
        Schedule { api_version: API_VERSION.into(), opens: known(opens)?, due: known(due)?, late_seconds };
    Some((schedule, penalty))
}

/// The one point in time at which a clock in `zone` shows `text`; what is wrong with it in words otherwise.
pub(crate) fn time(zone: &str, text: &str) -> Result<jiff::Timestamp, String> {
    let place = crate::diagnostics::Place::whole();
    let value = super::scalars::local_time(text).map_err(|expected| format!("it is not {}", expected.0))?;
    let mut problems = Vec::new();
    let instant = time_zone(&At { value: zone.to_owned(), place: place.clone() }, &mut problems)
        .and_then(|zone| instant(&At { value, place }, &zone, &mut problems));
    let said = || problems.first().map_or("it is out of range", |problem| problem.message()).to_owned();
    instant.and_then(|instant| jiff::Timestamp::from_second(instant.unix).ok()).ok_or_else(said)
}

fn lateness(late: &RawLate, problems: &mut Vec<Problem>) -> (u64, LatePenalty) {
    let RawLate { penalty, until } = late;
    let penalty = penalty.as_ref().map_or(LatePenalty::default(), |penalty| {
        if penalty.value.basis_points > 10_000 {
            let message = "more than 100% cannot be taken off";
            problems.push(Problem::new(&codes::OUT_OF_RANGE, &penalty.place, message));
        }
        LatePenalty { basis_points: penalty.value.basis_points, per_seconds: penalty.value.per.as_secs() }
    });
    (until.as_ref().map_or(0, |until| until.value.as_secs()), penalty)
}

fn time_zone(named: &At<String>, problems: &mut Vec<Problem>) -> Option<TimeZone> {
    let database = TimeZoneDatabase::bundled();
    if let Ok(zone) = database.get(&named.value) {
        return Some(zone);
    }
    let known: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let hint = nearest(&named.value, known.iter().map(String::as_str)).map_or_else(
        || "write a name of the IANA database, such as `Australia/Melbourne` or `UTC`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`{}` is no time zone", super::reader::brief(&named.value));
    problems.push(Problem::new(&codes::ZONE_UNKNOWN, &named.place, message).hint(hint));
    None
}

/// The one point in time that a wall clock shows so; a time that it skips or shows twice is reported.
fn instant(at: &At<LocalTime>, zone: &TimeZone, problems: &mut Vec<Problem>) -> Option<Instant> {
    let name = zone.iana_name().unwrap_or("UTC");
    let ambiguous = zone.to_ambiguous_timestamp(at.value);
    let form = if at.value.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    let text = format!("{} {name}", at.value.strftime(form));
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {
            let unix = ambiguous.unambiguous().ok()?.as_second();
            return Some(Instant { unix, text });
        }
        AmbiguousOffset::Gap { .. } => {
            let message = format!("clocks skip {text}: they are put forward then");
            problems.push(
                Problem::new(&codes::DATE_SKIPPED, &at.place, message)
                    .hint("choose a time an hour earlier or later"),
            );
        }
        AmbiguousOffset::Fold { .. } => {
            let message = format!("clocks show {text} twice: they are put back then");
            problems.push(
                Problem::new(&codes::DATE_AMBIGUOUS, &at.place, message)
                    .hint("choose a time outside of that hour"),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Place;

    fn at<T>(value: T) -> Option<At<T>> {
        Some(At { value, place: Place::whole() })
    }

    fn read(zone: &str, due: &str) -> (Option<Instant>, Vec<&'static str>) {
        let raw = RawSchedule {
            zone: at(zone.to_owned()),
            opens: None,
            due: at(super::super::scalars::local_time(due).unwrap()),
            late: None,
        };
        let mut problems = Vec::new();
        let schedule = check(&raw, true, &mut problems);
        (schedule.and_then(|(schedule, _)| schedule.due), problems.iter().map(Problem::code).collect())
    }

    #[test]
    fn wall_clocks_become_points_in_time() {
        let (due, problems) = read("Australia/Melbourne", "2026-03-16 23:59");
        assert_eq!(
            due,
            Some(Instant { unix: 1_773_665_940, text: "2026-03-16 23:59 Australia/Melbourne".into() })
        );
        assert!(problems.is_empty());
        assert_eq!(read("UTC", "1970-01-02 00:00:01").0.map(|due| due.unix), Some(86_401));
    }

    #[test]
    fn hours_that_clocks_skip_or_repeat_are_refused() {
        assert_eq!(read("Australia/Melbourne", "2026-10-04 02:30"), (None, vec!["date-skipped"]));
        assert_eq!(read("Australia/Melbourne", "2026-04-05 02:30"), (None, vec!["date-ambiguous"]));
    }
}
