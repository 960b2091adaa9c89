//! `exit.md`: every exit code.

use assay_contract::Exit;

use crate::{hold, page, table};

#[test]
fn every_exit_code_has_its_meaning() {
    let mut text = page(
        "Exit codes",
        "0 means that `assay` did its job: a bad mark is not a failure. `assay-stage` uses the same codes.",
    );
    text.push('\n');
    let rows =
        Exit::ALL.iter().map(|exit| [exit.code().to_string(), exit.meaning().into(), fault(*exit).into()]);
    text.push_str(&table(["code", "meaning", "whose fault"], rows));
    text.push_str("\nA program that a signal ends has no exit code of its own; shells show 128 and the signal's number.\n");
    hold("exit.md", &text);
}

fn fault(exit: Exit) -> &'static str {
    match exit.code() {
        0 => "",
        2 => "the caller's",
        10..=19 => "the submission's",
        20..=29 => "the author's or operator's",
        30..=39 => "the system's; a retry may help",
        70 => "Assay's",
        other => panic!("{other} is in no range"),
    }
}
