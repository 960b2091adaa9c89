//! Amounts and dates as people write them. Numbers of documents never overflow here, whatever they are.

/// A time: `12 ms`, `1.5 s`.
pub(crate) fn milliseconds(ms: u64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{} s", decimal(ms / 1_000, ms % 1_000, 3)) }
}

/// A size: `1 byte`, `1.5 KiB`, `64 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        None => count(bytes, "byte"),
        Some((shift, unit)) => {
            let rest = (u128::from(bytes & ((1 << shift) - 1)) * 10) >> shift;
            // Less than ten: it is the first decimal.
            format!("{} {unit}", decimal(bytes >> shift, u64::try_from(rest).unwrap_or(0), 1))
        }
    }
}

/// An amount of things: `1 case`, `2 cases`.
pub(crate) fn count(amount: impl std::fmt::Display, thing: &str) -> String {
    let amount = amount.to_string();
    let plural = if amount == "1" { "" } else { "s" };
    format!("{amount} {thing}{plural}")
}

/// Hundredths of a percent: `10 %`, `2.5 %`.
pub(crate) fn percent(basis_points: u32) -> String {
    format!("{} %", decimal(u64::from(basis_points / 100), u64::from(basis_points % 100), 2))
}

/// A time that people think of in days and hours, by its two largest units.
pub(crate) fn duration(seconds: u64) -> String {
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let parts = units.iter().skip_while(|(amount, _)| *amount == 0).take(2).filter(|(amount, _)| *amount > 0);
    parts.map(|(amount, unit)| count(amount, unit)).collect::<Vec<_>>().join(" ")
}

fn decimal(whole: u64, part: u64, digits: usize) -> String {
    let part = format!("{part:0digits$}");
    match part.trim_end_matches('0') {
        "" => whole.to_string(),
        part => format!("{whole}.{part}"),
    }
}

/// A date for people, and the same for programs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) machine: String,
    pub(crate) shown: String,
}

/// What an RFC 3339 date in UTC says, to the second; `None` where it is none.
pub(crate) fn date(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let seconds = text.get(..19)?;
    let fraction = text.get(19..)?.strip_suffix('Z')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let form: String = seconds.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if form != "0000-00-00T00:00:00"
        || !(fraction.is_empty() || fraction.strip_prefix('.').is_some_and(digits))
    {
        return None;
    }
    let number = |from: usize, to: usize| seconds.get(from..to)?.parse::<usize>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let month_name = MONTHS.get(month.checked_sub(1)?)?;
    let in_range = year > 0
        && (1..=days(year, month)).contains(&day)
        && number(11, 13)? < 24
        && number(14, 16)? < 60
        && number(17, 19)? < 60;
    in_range.then(|| Date {
        machine: format!("{seconds}Z"),
        shown: format!("{day} {month_name} {year}, {} UTC", &seconds[11..]),
    })
}

fn days(year: usize, month: usize) -> usize {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(
            [0, 999, 1_000, 1_500, 61_005].map(milliseconds),
            ["0 ms", "999 ms", "1 s", "1.5 s", "61.005 s"]
        );
        assert_eq!(
            [0, 1, 1_023, 1_536, 64 << 20].map(bytes),
            ["0 bytes", "1 byte", "1023 bytes", "1.5 KiB", "64 MiB"]
        );
        assert_eq!(bytes(u64::MAX), "17179869183.9 GiB");
        assert_eq!([1_000, 250, 1, 10_000].map(percent), ["10 %", "2.5 %", "0.01 %", "100 %"]);
        assert_eq!(
            [1, 90_061, 86_400, 36_060].map(duration),
            ["1 second", "1 day 1 hour", "1 day", "10 hours 1 minute"]
        );
    }

    #[test]
    fn only_a_date_is_shown_as_one() {
        let date_of = |text| date(text).map(|date| (date.machine, date.shown));
        let shown = |machine: &str, shown: &str| Some((machine.to_owned(), shown.to_owned()));
        assert_eq!(
            date_of("2026-03-16T12:59:00Z"),
            shown("2026-03-16T12:59:00Z", "16 March 2026, 12:59:00 UTC")
        );
        assert_eq!(
            date_of("2028-02-29T00:00:00.123456789Z"),
            shown("2028-02-29T00:00:00Z", "29 February 2028, 00:00:00 UTC")
        );
        for text in [
            "",
            "now",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-16T24:00:00Z",
            "2026-03-16T12:59:00+01:00",
            "2026-03-16T12:59:00.Z",
            "2026-03-16T12:59:00\"Z",
            "0000-01-01T00:00:00Z",
            "２026-03-16T12:59:00Z",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
