//! Durations, sizes, penalties and local times, as people write them.
//!
//! Every function here is pure and total: any text gives a value or says what was expected. Months and years are
//! refused: they have no fixed length, and `5M` is more likely five minutes.

use std::time::Duration;

use jiff::civil::DateTime;

/// What was expected, in words; the text itself stands in the message around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected(pub(crate) &'static str);

/// What lateness costs, as written: `10% per day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Penalty {
    /// Hundredths of a percent.
    pub(crate) basis_points: u32,
    /// For each such period that has begun.
    pub(crate) per: Duration,
}

/// A date and time on the wall clock of the schedule's zone.
pub(crate) type LocalTime = DateTime;

/// The longest duration that is understood.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

const DURATION: Expected =
    Expected("a duration such as `500ms`, `20s`, `5m`, `2h` or `3 days`, at most a year");
const SIZE: Expected = Expected("a size such as `512`, `64Ki`, `1Mi`, `64MiB` or `2 MB`");
const PENALTY: Expected = Expected("a penalty such as `10% per day` or `2.5% per 12h`");
const TIME: Expected = Expected("a date and time such as `2026-03-16 23:59`");

/// A duration, in one unit or several: `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, Expected> {
    let vague = ["M", "month", "months", "y", "yr", "yrs", "year", "years"];
    if text.split(|c: char| !c.is_alphabetic()).any(|word| vague.contains(&word)) {
        return Err(DURATION);
    }
    humantime::parse_duration(text).ok().filter(|duration| *duration <= LONGEST).ok_or(DURATION)
}

/// A size in bytes. Units with an `i` count in 1,024s, those without in 1,000s; a bare number counts bytes.
pub(crate) fn size(text: &str) -> Result<u64, Expected> {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "ki" | "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mi" | "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gi" | "gib" => 1 << 30,
        _ => return Err(SIZE),
    };
    let thousandths = thousandths(number).ok_or(SIZE)?;
    let scaled = u128::from(thousandths) * u128::from(unit);
    // Half a byte is a slip of the pen, so it is not rounded away.
    if scaled % 1_000 != 0 {
        return Err(SIZE);
    }
    u64::try_from(scaled / 1_000).map_err(|_| SIZE)
}

/// A penalty: a percentage with at most two decimals, and the period that it is for.
pub(crate) fn penalty(text: &str) -> Result<Penalty, Expected> {
    let (percent, per) = text.split_once('%').ok_or(PENALTY)?;
    let per = per.trim_start().strip_prefix("per ").ok_or(PENALTY)?.trim();
    let per = match per {
        "hour" | "day" | "week" => duration(&format!("1 {per}")),
        other => duration(other),
    }
    .map_err(|_| PENALTY)?;
    let thousandths = thousandths(percent.trim()).ok_or(PENALTY)?;
    if !thousandths.is_multiple_of(10) || per < Duration::from_secs(60) || per.subsec_nanos() != 0 {
        return Err(PENALTY);
    }
    Ok(Penalty { basis_points: u32::try_from(thousandths / 10).map_err(|_| PENALTY)?, per })
}

/// A local time, to the minute or the second.
pub(crate) fn local_time(text: &str) -> Result<LocalTime, Expected> {
    let text = text.trim();
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|form| DateTime::strptime(form, text).ok())
        .ok_or(TIME)
}

/// A whole number.
pub(crate) fn whole(text: &str) -> Result<u64, Expected> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or(Expected("a whole number"))
}

/// A tolerance: a number that is not negative.
pub(crate) fn tolerance(text: &str) -> Result<f64, Expected> {
    let expected = Expected("a number from 0 up, such as `0.001` or `1e-6`");
    let number: f64 = text.parse().map_err(|_| expected)?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err(expected) }
}

/// A decimal with at most three places, in thousandths; exact, unlike a float.
fn thousandths(text: &str) -> Option<u64> {
    let (whole_part, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.is_empty() || part.len() > 3 {
        return None;
    }
    let part = whole(&format!("{part:0<3}")).ok()?;
    whole(whole_part).ok()?.checked_mul(1_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_is_understood() {
        let seconds = |text: &str| duration(text).map(|d| d.as_millis());
        assert_eq!(seconds("5m"), Ok(300_000));
        assert_eq!(seconds("500ms"), Ok(500));
        assert_eq!(seconds("3 days"), Ok(259_200_000));
        assert_eq!(seconds("1h 30m"), Ok(5_400_000));
        assert_eq!(size("1Mi"), Ok(1 << 20));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("2 MB"), Ok(2_000_000));
        assert_eq!(size("1.5Ki"), Ok(1536));
        assert_eq!(
            penalty("10% per day"),
            Ok(Penalty { basis_points: 1_000, per: Duration::from_secs(86_400) })
        );
        assert_eq!(
            penalty("2.5 % per 12h"),
            Ok(Penalty { basis_points: 250, per: Duration::from_secs(43_200) })
        );
        assert_eq!(local_time("2026-03-16 23:59"), local_time("2026-03-16T23:59:00"));
    }

    #[test]
    fn slips_are_refused() {
        for text in ["", "5", "5M", "2 months", "1y", "-3s", "400 days", "s", "5 x", "1e3s"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
        for text in
            ["", "Mi", "-1", "1.2345Mi", "1.1", "1Ti", "1 M i", "0x10", "99999999999999999999Gi", "1..2"]
        {
            assert!(size(text).is_err(), "{text:?}");
        }
        for text in
            ["10%", "10 per day", "10% a day", "1.234% per day", "10% per 1s", "10% per month", "-1% per day"]
        {
            assert!(penalty(text).is_err(), "{text:?}");
        }
        for text in
            ["2026-03-16", "16.3.2026 23:59", "2026-02-30 10:00", "2026-03-16 24:00", "2026-03-16 23:59Z"]
        {
            assert!(local_time(text).is_err(), "{text:?}");
        }
        for text in ["-1", "1.0", "", "+1", "1_000"] {
            assert!(whole(text).is_err(), "{text:?}");
        }
        for text in ["-1", "NaN", "inf", "x", ""] {
            assert!(tolerance(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn durations_survive_writing(ms in 0_u64..2_592_000_000) {
            let value = Duration::from_millis(ms);
            let text = humantime::format_duration(value).to_string();
            prop_assert_eq!(duration(&text), Ok(value));
        }

        #[test]
        fn sizes_survive_writing(n in 0_u64..4_000_000, unit in 0_usize..7) {
            let (name, factor) = [
                ("", 1), ("k", 1_000), ("Ki", 1 << 10), (" MB", 1_000_000), ("MiB", 1 << 20),
                ("G", 1_000_000_000), (" Gi", 1_u64 << 30),
            ][unit];
            prop_assert_eq!(size(&format!("{n}{name}")), Ok(n * factor));
            prop_assert_eq!(size(&(n * factor).to_string()), Ok(n * factor));
        }

        #[test]
        fn penalties_survive_writing(basis_points in 0_u32..20_000, hours in 1_u64..1000) {
            let text = format!("{}.{:02}% per {hours}h", basis_points / 100, basis_points % 100);
            let per = Duration::from_secs(hours * 3600);
            prop_assert_eq!(penalty(&text), Ok(Penalty { basis_points, per }));
        }

        #[test]
        fn points_survive_writing(thousandths in 0_u32..=1_000_000_000) {
            let points = assay_contract::Points::from_thousandths(thousandths).unwrap();
            prop_assert_eq!(points.to_string().parse(), Ok(points));
        }

        #[test]
        fn local_times_survive_writing(minutes in 0_i64..20_000_000) {
            let start = jiff::civil::date(1990, 1, 1).at(0, 0, 0, 0);
            let time = start + jiff::SignedDuration::from_mins(minutes);
            prop_assert_eq!(local_time(&time.strftime("%Y-%m-%d %H:%M").to_string()), Ok(time));
        }

        #[test]
        fn any_text_has_an_answer(text in any::<String>()) {
            let _ = (duration(&text), size(&text), penalty(&text), local_time(&text), tolerance(&text));
        }
    }
}
