//! The codes, once, as students and programs see them.

use std::collections::BTreeSet;

use crate::builder::{Entry, Zip};
use crate::{BUDGET, try_unpack};

#[test]
fn messages_say_what_and_what_to_do() {
    let message = |zip: Zip| try_unpack(&zip.build(), &BUDGET).unwrap_err().to_string();
    assert_eq!(
        message(Zip::of([Entry::stored("lib", "/usr/lib").mode(0o120_777)])),
        "the entry `lib` is a link; put the file itself in place of the link"
    );
    assert_eq!(
        message(Zip::of([Entry::file("Wc.c", ""), Entry::file("wc.c", "")])),
        "the entry `wc.c` has the same name as `Wc.c` on systems that ignore case or accents' encoding; \
         keep one of them, or rename one"
    );
    assert_eq!(
        message(Zip::of([Entry::file("x\x1b[2J", "")])),
        "the entry `x\\u{1b}[2J` has a name that cannot be used: it has a control character; rename the file"
    );
    assert_eq!(message(Zip::of([])), "the zip holds no file to grade; put your files in it");
}

#[test]
fn every_code_is_in_the_table() {
    let source = include_str!("../../src/zip.rs");
    let refusal = include_str!("../../src/zip/refusal.rs");
    let table: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|codes| codes.split(", "))
        .map(|code| code.trim_matches('`'))
        .collect();
    let codes: BTreeSet<&str> = refusal
        .lines()
        .filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","))
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        .collect();
    assert_eq!(table, codes);
    assert!(codes.len() > 25);
}
