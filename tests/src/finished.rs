//! A run of the program that has ended, and what it says.

use assay_contract::Exit;
use serde_json::Value;

/// A run that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// The longest reason that a student is given, in characters.
const LONGEST_REASON: usize = 600;
/// The longest text in a document, in characters: a build's log.
const LONGEST_TEXT: usize = 40_000;

impl Finished {
    /// Asserts the exit code.
    ///
    /// # Panics
    /// If it is another one.
    #[track_caller]
    pub fn ended(&self, exit: Exit) -> &Finished {
        assert_eq!(
            self.code,
            Some(i32::from(exit.code())),
            "{exit:?} expected\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// The document on standard output.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("no document, {error}: {:?}\n{}\n{}", self.code, self.stdout, self.stderr)
        })
    }

    /// Asserts the job's verdict and marks.
    ///
    /// # Panics
    /// If they are others.
    #[track_caller]
    pub fn graded(&self, verdict: &str, points: f64) -> &Finished {
        let document = self.document();
        assert_eq!(document["verdict"], verdict, "{document:#}");
        assert_eq!(document["points"].as_f64(), Some(points), "{document:#}");
        self
    }

    /// Asserts the verdict of a case.
    ///
    /// # Panics
    /// If there is no such case, or if it ended otherwise.
    #[track_caller]
    pub fn case(&self, name: &str, verdict: &str) -> &Finished {
        let document = self.document();
        let case =
            document["cases"].as_array().and_then(|cases| cases.iter().find(|case| case["name"] == name));
        assert_eq!(case.map(|case| &case["verdict"]), Some(&Value::from(verdict)), "{name} in {document:#}");
        self
    }

    /// Asserts that everything that it says is bounded and holds nothing that a terminal or a reader would obey.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn is_fit_to_be_shown(&self) -> &Finished {
        for text in [&self.stdout, &self.stderr] {
            assert_harmless(text);
        }
        if let Ok(document) = serde_json::from_str::<Value>(&self.stdout) {
            assert_fit("", &document);
        }
        self
    }
}

#[track_caller]
fn assert_fit(key: &str, value: &Value) {
    match value {
        Value::String(text) => {
            assert_harmless(text);
            let most = if key == "reason" { LONGEST_REASON } else { LONGEST_TEXT };
            assert!(text.chars().count() <= most, "{key} is too long: {text}");
            assert!(key != "reason" || !text.contains(['\n', '\t']), "a reason is one line: {text:?}");
        }
        Value::Array(values) => values.iter().for_each(|value| assert_fit(key, value)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| assert_fit(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[track_caller]
fn assert_harmless(text: &str) {
    let harmful = |c: &char| {
        let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        invisible || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    assert_eq!(text.chars().find(harmful).map(|c| c.escape_unicode().to_string()), None, "in {text:?}");
}
