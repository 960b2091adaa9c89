//! A look at a submission before it is handed in: what Setup or Verify would say of it, as far as it can be known here.
//!
//! Nothing that is found decides anything. Attempts and extensions are not known here; Setup knows them.

pub mod notebooks;

use assay_contract::configuration::{Schedule, SubmissionRules};
use assay_contract::result::Refusal;
use assay_rules::{allow_list, judge, judge_names, refusal, timing};
use jiff::Timestamp;

use crate::pack::{Choice, Chosen};

/// How many of the largest files are named.
const LARGEST: usize = 3;

/// What the rules have against the files that were chosen.
#[must_use]
pub fn files(rules: &SubmissionRules, choice: &Choice) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    // The files of a zip that cannot be read are not known: Setup will say so.
    if choice.files.is_empty() {
        return refusals;
    }
    let names = || choice.files.iter().map(|file| file.name.as_str());
    for required in rules.required.iter().filter(|required| !names().any(|name| name == required.as_str())) {
        let left_out = choice.left_out.iter().any(|left_out| {
            left_out == required || (left_out.ends_with('/') && required.starts_with(left_out.as_str()))
        });
        let why = if left_out { "is left out" } else { "is missing" };
        refusals.push(refusal("file-missing", format!("`{required}` {why}, which must be handed in")));
    }
    // A glob that cannot be read is the author's, and Setup's to tell.
    if let Ok(allowed) = allow_list(rules) {
        refusals.extend(judge_names(rules, allowed.as_ref(), names()).err());
    }
    let count = choice.files.len();
    if u32::try_from(count).map_or(true, |count| count > rules.files) {
        let message = format!("there are {count} files, and {} may be handed in", rules.files);
        refusals.push(refusal("too-many-files", message));
    }
    if choice.size() > rules.unpacked_bytes {
        refusals.push(too_large("the files have", choice.size(), rules.unpacked_bytes, &choice.files));
    }
    refusals
}

/// What the rules have against the zip.
#[must_use]
pub fn zip(rules: &SubmissionRules, size: u64, choice: &Choice) -> Option<Refusal> {
    (size > rules.size_bytes).then(|| too_large("the zip has", size, rules.size_bytes, &choice.files))
}

/// What the schedule has against handing in now.
#[must_use]
pub fn date(schedule: &Schedule, now: Timestamp) -> Option<Refusal> {
    judge(schedule, now).err()
}

fn too_large(what: &str, size: u64, limit: u64, files: &[Chosen]) -> Refusal {
    let mut by_size: Vec<&Chosen> = files.iter().collect();
    by_size.sort_by_key(|file| std::cmp::Reverse(file.size));
    let largest: Vec<String> =
        by_size.iter().take(LARGEST).map(|file| format!("`{}` ({})", file.name, bytes(file.size))).collect();
    let message =
        format!("{what} {}, and {} may be handed in; the largest: {}", bytes(size), bytes(limit), largest.join(", "));
    refusal("too-large", message)
}

/// How long after the due date `handed_in` is, in seconds; 0 on time. Extensions are not known here.
#[must_use]
pub fn late_seconds(schedule: &Schedule, handed_in: Timestamp) -> u64 {
    timing(schedule, handed_in).late_seconds
}

/// An amount of bytes, as people read it.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1 << 10 {
        return format!("{bytes} B");
    }
    let unit = (1..units.len()).take_while(|n| bytes >> (10 * (n + 1)) > 0).last().unwrap_or(0);
    // Rounded up, so that nothing that is over a limit reads as if it were not.
    let tenths = (u128::from(bytes) * 10).div_ceil(1 << (10 * (unit + 1)));
    let (whole, part) = (tenths / 10, tenths % 10);
    let name = units.get(unit).copied().unwrap_or_default();
    if part == 0 { format!("{whole} {name}") } else { format!("{whole}.{part} {name}") }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::pack::choose;

    fn rules() -> SubmissionRules {
        SubmissionRules {
            required: vec!["wc.c".into()],
            allowed: vec!["*.c".into()],
            size_bytes: 1 << 10,
            unpacked_bytes: 2 << 10,
            files: 2,
            attempts: None,
            cooldown_seconds: 0,
        }
    }

    fn chosen(files: &[(&str, usize)]) -> Choice {
        let folder = tempfile::tempdir().unwrap();
        for (name, size) in files {
            fs::write(folder.path().join(name), vec![b'x'; *size]).unwrap();
        }
        choose(folder.path()).unwrap()
    }

    fn codes(files_of: &[(&str, usize)]) -> Vec<String> {
        files(&rules(), &chosen(files_of)).into_iter().map(|refusal| refusal.code).collect()
    }

    #[test]
    fn what_setup_and_verify_would_say_is_said_before() {
        assert!(codes(&[("wc.c", 10)]).is_empty());
        assert_eq!(codes(&[("x.c", 10)]), ["file-missing"]);
        assert_eq!(codes(&[("wc.c", 10), ("notes.txt", 10)]), ["file-not-allowed"]);
        assert_eq!(codes(&[("wc.c", 10), ("a.c", 10), ("b.c", 10)]), ["too-many-files"]);
        assert_eq!(codes(&[("wc.c", 3_000)]), ["too-large"]);
    }

    #[test]
    fn the_largest_files_are_named() {
        let choice = chosen(&[("wc.c", 10), ("a.c", 700), ("b.c", 1_400), ("c.c", 20)]);
        let refusal = zip(&rules(), 1_025, &choice).unwrap();
        assert_eq!(
            refusal.message,
            "the zip has 1.1 KiB, and 1 KiB may be handed in; the largest: `b.c` (1.4 KiB), `a.c` (700 B), `c.c` (20 B)"
        );
        assert_eq!(zip(&rules(), 1_024, &choice), None);
    }

    #[test]
    fn a_required_file_that_is_left_out_is_said_to_be() {
        let choice = chosen(&[("wc.c", 10), ("core", 10)]);
        let mut rules = rules();
        rules.required.push("core".into());
        let messages: Vec<_> = files(&rules, &choice).into_iter().map(|refusal| refusal.message).collect();
        assert_eq!(messages, ["`core` is left out, which must be handed in"]);
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        for (amount, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (1_025, "1.1 KiB"),
            (1 << 20, "1 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(bytes(amount), text);
        }
    }
}
