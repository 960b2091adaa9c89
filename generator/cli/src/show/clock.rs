//! Times of day as students read them: in the assignment's zone where that is known, else in this machine's.

use assay_contract::configuration::Schedule;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A zone, and what day it is there.
pub(crate) struct Clock {
    zone: TimeZone,
    today: Date,
}

impl Clock {
    fn new(zone: TimeZone) -> Clock {
        let today = Timestamp::now().to_zoned(zone.clone()).date();
        Clock { zone, today }
    }

    /// This machine's.
    pub(crate) fn of_system() -> Clock {
        Clock::new(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// The assignment's: what is written behind its dates.
    pub(crate) fn of_schedule(schedule: &Schedule) -> Clock {
        let dates = [&schedule.due, &schedule.opens];
        let written = dates.into_iter().flatten().find_map(|instant| instant.text.rsplit(' ').next());
        match written.and_then(|name| TimeZone::get(name).ok()) {
            Some(zone) => Clock::new(zone),
            None => Clock::of_system(),
        }
    }

    /// A time to the second; with its date where that is not today. What is no time stays away.
    pub(crate) fn exactly(&self, time: &str) -> String {
        self.format(time, "%H:%M:%S")
    }

    /// The same to the minute.
    pub(crate) fn about(&self, time: &str) -> String {
        self.format(time, "%H:%M")
    }

    fn format(&self, time: &str, form: &str) -> String {
        let Ok(at) = time.parse::<Timestamp>() else { return "?".into() };
        let at = at.to_zoned(self.zone.clone());
        if at.date() == self.today {
            at.strftime(form).to_string()
        } else {
            at.strftime(&format!("%Y-%m-%d {form}")).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use assay_contract::configuration::Instant;

    use super::*;

    #[test]
    fn times_are_the_assignments_and_other_days_have_their_date() {
        let due = Instant { unix: 0, text: "2026-03-16 23:59 Australia/Melbourne".into() };
        let schedule = Schedule { api_version: String::new(), opens: None, due: Some(due), late_seconds: 0 };
        let mut clock = Clock::of_schedule(&schedule);
        clock.today = "2026-03-16".parse().unwrap();
        assert_eq!(clock.exactly("2026-03-16T12:59:31Z"), "23:59:31");
        assert_eq!(clock.about("2026-03-16T13:14:00Z"), "2026-03-17 00:14");
        assert_eq!(clock.about("\u{1b}[2J"), "?");
    }
}
