//! The parts that all texts are made of: tables, differences, amounts.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use assay_contract::Verdict;
use assay_contract::outcome::Usage;
use assay_contract::result::{DiffLine, DiffSide};
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const QUIET: Style = AnsiColor::BrightBlack.on_default();
pub(super) const HEAD: Style = Style::new().bold();

/// How wide a time is at least: what is measured must not move the columns from run to run.
const TIME: u16 = 7;
/// How wide an amount of memory is at least.
const MEMORY: u16 = 9;

/// A column of a table.
pub(crate) enum Column {
    /// Words, to the left.
    Words(&'static str),
    /// Amounts, to the right.
    Amount(&'static str),
    /// Measured times, to the right.
    Time(&'static str),
    /// Measured memory, to the right.
    Memory(&'static str),
}

/// The text of a table without borders, and without blanks at line ends.
pub(crate) fn table<const N: usize>(
    columns: [Column; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let (names, widths): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .map(|column| match column {
            Column::Words(name) => (name, None),
            Column::Amount(name) => (name, Some(0)),
            Column::Time(name) => (name, Some(TIME)),
            Column::Memory(name) => (name, Some(MEMORY)),
        })
        .unzip();
    table.set_header(names);
    for (column, width) in table.column_iter_mut().zip(widths) {
        if let Some(width) = width {
            column.set_cell_alignment(CellAlignment::Right);
            // A blank on each side counts.
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + 2)));
        }
    }
    table.add_rows(rows);
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Styles a verdict by whether it is good news.
pub(crate) fn verdict(verdict: Verdict) -> String {
    let style = if verdict == Verdict::Passed { GOOD } else { BAD };
    format!("{style}{verdict}{style:#}")
}

/// The lines of a difference, and what their marks mean; nothing where there is none.
pub(crate) fn difference(diff: &[DiffLine]) -> Vec<String> {
    let mut lines: Vec<String> = diff
        .iter()
        .map(|DiffLine { side, text }| {
            let (style, mark) = match side {
                DiffSide::Both => (Style::new(), ' '),
                DiffSide::Expected => (GOOD, '-'),
                DiffSide::Written => (BAD, '+'),
                DiffSide::Gap => (QUIET, ' '),
            };
            format!("{style}{mark} {text}{style:#}")
        })
        .collect();
    if !lines.is_empty() {
        lines.push(format!("{QUIET}(- expected, + written){QUIET:#}"));
    }
    lines
}

/// An amount of things: `1 case`, `2 cases`.
pub(crate) fn count(amount: impl Display, thing: &str) -> String {
    let amount = amount.to_string();
    let plural = if amount == "1" { "" } else { "s" };
    format!("{amount} {thing}{plural}")
}

/// The CPU time of a case; empty where it did not run, or may not be known.
pub(crate) fn cpu(measured: &Usage) -> String {
    if *measured == Usage::default() { String::new() } else { milliseconds(measured.cpu_ms) }
}

/// The memory of a case; empty as [`cpu`].
pub(crate) fn memory(measured: &Usage) -> String {
    if *measured == Usage::default() { String::new() } else { mebibytes(measured.memory_bytes) }
}

/// A measured time.
pub(crate) fn milliseconds(ms: u64) -> String {
    if ms < 10_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

/// A measured amount of memory.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// How late a hand-in is, and what that costs; a refused one has nothing to lose.
pub(crate) fn late(seconds: u64, verdict: Verdict, percent: f64) -> String {
    let late = format!("{} late", days(seconds));
    if verdict == Verdict::Refused || percent == 0.0 {
        late
    } else {
        format!("{late}: {percent} % taken off")
    }
}

/// A time that people think of in days and hours; its two largest units.
pub(crate) fn days(seconds: u64) -> String {
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts = units.iter().skip_while(|(amount, _)| *amount == 0).take(2).filter(|(amount, _)| *amount > 0);
    parts.map(|(amount, unit)| format!("{amount} {unit}")).collect::<Vec<_>>().join(" ")
}

/// Every line moved to the right, empty ones aside.
pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_does_not_move_the_columns() {
        let of = |time: &str| {
            let columns = [Column::Words("case"), Column::Time("cpu"), Column::Words("sees")];
            table(
                columns,
                [["one".into(), time.into(), "diff".into()], ["no".into(), "1 ms".into(), "x".into()]],
            )
        };
        assert_eq!(of("1 ms"), " case      cpu  sees\n one      1 ms  diff\n no       1 ms  x");
        assert_eq!(of("1 ms").replace("   1 ms  diff", "9999 ms  diff"), of("9999 ms"));
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(count(1, "case"), "1 case");
        assert_eq!(count(0, "case"), "0 cases");
        assert_eq!(count(assay_contract::Points::from_thousandths(1_500).unwrap(), "point"), "1.5 points");
        assert_eq!(milliseconds(9_999), "9999 ms");
        assert_eq!(milliseconds(10_250), "10.2 s");
        assert_eq!(mebibytes((5 << 20) + (1 << 19)), "5.5 MiB");
        assert_eq!(days(36_060), "10 h 1 min");
        assert_eq!(days(86_400), "1 d");
        assert_eq!(days(90_061), "1 d 1 h");
        assert_eq!(days(1), "1 s");
        assert_eq!(late(60, Verdict::Passed, 2.5), "1 min late: 2.5 % taken off");
        assert_eq!(late(60, Verdict::Passed, 0.0), "1 min late");
        assert_eq!(late(60, Verdict::Refused, 100.0), "1 min late");
    }
}
