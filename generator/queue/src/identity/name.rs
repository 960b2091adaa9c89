//! The name that claims and labels carry for a user of the hub.
//!
//! It must be the one that the hub's spawner puts into the home's claim, `claim-{username}`: KubeSpawner 7 takes a name that is
//! an object's name as it is, and makes of any other one something readable with part of its SHA-256 behind it, so that no
//! two names can be one (`kubespawner/slugs.py`: `safe_slug`, to 48 characters).

use assay_contract::StudentId;
use sha2::{Digest as _, Sha256};

/// The longest that a name is in a claim's template.
const LONGEST: usize = 48;
/// What is left of a name that cannot be taken as it is: the rest is three hyphens and eight digits.
const READABLE: usize = LONGEST - 3 - 8;

/// The name of a user as claims and labels carry it; `None` where it can be none.
pub(super) fn student(name: &str) -> Option<StudentId> {
    let slug = if is_object_name(name) && !name.contains("--") { name.to_owned() } else { slug(name) };
    StudentId::new(slug).ok()
}

fn is_object_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|b| plain(b) || *b == b'-')
        && bytes.len() <= LONGEST
}

fn slug(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}---{hash}", readable(name))
}

/// What letters and digits of a name can stay: single hyphens for all else, a letter first.
fn readable(name: &str) -> String {
    let mut kept = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            kept.push(c);
        } else if !kept.is_empty() && !kept.ends_with('-') {
            kept.push('-');
        }
    }
    let cut = |text: &str, to: usize| text.get(..to.min(text.len())).unwrap_or_default().to_owned();
    let kept = cut(&kept, READABLE).trim_end_matches('-').to_owned();
    if kept.is_empty() {
        "x".into()
    } else if kept.starts_with(|c: char| c.is_ascii_lowercase()) {
        kept
    } else {
        format!("x-{}", cut(&kept, READABLE - 2))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_those_that_kubespawner_makes() {
        // Written by KubeSpawner 7 itself: `safe_slug(name, max_length=48)`, as for `{username}`.
        for (name, slug) in [
            ("ada", "ada"),
            ("ada-lovelace", "ada-lovelace"),
            ("Ada", "ada---99a563ab"),
            ("ada.lovelace@example.edu", "ada-lovelace-example-edu---3d0d6d94"),
            ("ada_lovelace", "ada-lovelace---c8e26fe1"),
            ("1ada", "x-1ada---ba26231b"),
            ("ada-", "ada---28cd54fe"),
            ("-ada", "ada---f32a7c99"),
            ("ada--lovelace", "ada-lovelace---547f7d46"),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa---7d3e74a0",
            ),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa---ffe054fe",
            ),
            ("x", "x"),
            ("@", "x---c3641f85"),
            ("", "x---e3b0c442"),
            ("äda", "da---6ec81403"),
            ("ada@example.edu", "ada-example-edu---e66183d0"),
            ("12345678", "x-12345678---ef797c81"),
            ("İstanbul", "i-stanbul---24ec8f72"),
            ("ada lovelace", "ada-lovelace---177f85df"),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bcdefgh@x",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa---77eff250",
            ),
            (
                "1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bcdefgh@x",
                "x-1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa----483b9e02",
            ),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa---8f9bec6a",
            ),
            ("аda", "da---c5522c26"),
            ("9999999999999999999999999999999999999999", "x-99999999999999999999999999999999999---576f072e"),
            ("ada.lovelace+tag@students.example.edu", "ada-lovelace-tag-students-example-edu---75bd63b1"),
        ] {
            assert_eq!(student(name).map(String::from).as_deref(), Some(slug), "{name}");
        }
    }

    #[test]
    fn no_user_is_called_as_a_folder_of_ours() {
        assert_eq!(student("answers"), None);
        assert_eq!(student("gradebook"), None);
    }

    proptest! {
        /// Every name is a student's, but those of our folders; and one that was changed is never one that was not.
        #[test]
        fn every_name_has_one_of_its_own(name in "\\PC{0,80}") {
            let student = student(&name).unwrap();
            prop_assert_eq!(student.as_str() == name, is_object_name(&name) && !name.contains("--"));
        }
    }
}
