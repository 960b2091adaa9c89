//! All that a student gets of a job.

use std::fs;
use std::path::Path;

use assay_contract::Exit;
use assay_tests::finished::Finished;

use super::canaries::Secrets;

/// All that a student gets of a job that ended one way: each part with a name.
pub(super) struct Told {
    end: String,
    parts: Vec<(String, Vec<u8>)>,
}

impl Told {
    /// What a program says to whoever started it.
    #[track_caller]
    pub(super) fn by(end: impl Into<String>, finished: &Finished) -> Told {
        let end = end.into();
        let code = finished.code.expect("no signal ended the program");
        let documented = u8::try_from(code).ok().and_then(Exit::from_code);
        assert!(documented.is_some(), "{end}: {code} is no exit code of the program");
        let parts = vec![
            ("standard output".to_owned(), finished.stdout.clone().into_bytes()),
            ("standard error".to_owned(), finished.stderr.clone().into_bytes()),
        ];
        Told { end, parts }
    }

    /// What lies in the student's claim.
    pub(super) fn in_claim(end: impl Into<String>, claim: &Path) -> Told {
        Told { end: end.into(), parts: files_below(claim) }
    }

    /// No part of it holds one of `secrets`, nor does the name of one.
    #[track_caller]
    pub(super) fn holds_none_of(&self, secrets: &Secrets) {
        for (name, content) in &self.parts {
            let what = format!("{}: {name}", self.end);
            secrets.are_not_in(&what, name.as_bytes());
            secrets.are_not_in(&what, content);
        }
    }

    /// It says `text`, so that the job ended as it was meant to.
    #[track_caller]
    pub(super) fn says(&self, text: &str) {
        let said = |(_, content): &(String, Vec<u8>)| String::from_utf8_lossy(content).contains(text);
        let all = || -> Vec<_> {
            self.parts.iter().map(|(name, content)| (name, String::from_utf8_lossy(content))).collect()
        };
        assert!(self.parts.iter().any(said), "{}: nothing says `{text}`: {:#?}", self.end, all());
    }
}

/// Every file below `folder`: its path from there, and its content.
pub(super) fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("what is kept can be listed") {
            let path = entry.expect("what is kept can be listed").path();
            let name = path.strip_prefix(folder).expect("it lies below").display().to_string();
            let kind = fs::symlink_metadata(&path).expect("what is listed is there").file_type();
            if kind.is_dir() {
                found.push((name, Vec::new()));
                folders.push(path);
            } else {
                assert!(kind.is_file(), "{name} is kept and no file");
                found.push((name, fs::read(&path).expect("what is kept can be read")));
            }
        }
    }
    found
}
