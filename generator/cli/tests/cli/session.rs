//! Commands that are run one after another in a fresh folder, and the record of what they printed.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use assay_contract::Exit;

use crate::golden;
use crate::place::Place;
use crate::redact::redact;

/// A fresh folder, and the record of what ran in it.
pub(crate) struct Session {
    place: Place,
    /// What the environment has beyond the usual.
    environment: RefCell<Vec<(String, String)>>,
    transcript: RefCell<String>,
}

/// How a command ended.
pub(crate) struct Ended {
    /// Its exit code; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn exits(self, exit: Exit) -> Ended {
        let Ended { code, stdout, stderr } = &self;
        assert_eq!(*code, Some(i32::from(exit.code())), "\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }
}

impl Session {
    /// An empty folder.
    pub(crate) fn new() -> Session {
        Session { place: Place::new(), environment: RefCell::default(), transcript: RefCell::default() }
    }

    /// A folder with `greeting/`, an assignment whose output is the same on every machine.
    pub(crate) fn greeting() -> Session {
        let session = Session::new();
        session
            .place
            .bring(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/greeting"), "greeting");
        session
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// What a file holds.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Puts a text in the place of another, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} does not hold {from:?}");
        self.write(name, text.replace(from, to));
    }

    /// Sets a variable for all commands that follow.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let mut environment = self.environment.borrow_mut();
        environment.retain(|(there, _)| there != name);
        environment.push((name.into(), value.into()));
    }

    /// Runs `assay` with these arguments, which are words between blanks.
    pub(crate) fn assay(&self, arguments: &str) -> Ended {
        self.assay_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs `assay` with these arguments.
    pub(crate) fn assay_with(&self, arguments: &[&str]) -> Ended {
        let mut command = self.place.command(env!("CARGO_BIN_EXE_assay"));
        command.envs(self.environment.borrow().iter().map(|(name, value)| (name, value)));
        let output = self.place.output(command.args(arguments));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ended =
            Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        self.note(arguments, &ended);
        ended
    }

    fn note(&self, arguments: &[&str], ended: &Ended) {
        let mut transcript = self.transcript.borrow_mut();
        let quoted = arguments
            .iter()
            .map(|word| if word.contains(' ') { format!("'{word}'") } else { (*word).into() });
        let line = quoted.collect::<Vec<_>>().join(" ");
        let code = ended.code.map_or("a signal".to_owned(), |code| code.to_string());
        let _ = writeln!(transcript, "$ assay {line}\n--- exit {code}");
        for (stream, text) in [("standard output", &ended.stdout), ("standard error", &ended.stderr)] {
            if !text.is_empty() {
                let _ = write!(transcript, "--- {stream}\n{}", redact(text));
            }
        }
        transcript.push('\n');
    }

    /// Holds all that was printed against a golden file.
    #[track_caller]
    pub(crate) fn golden(&self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/golden").join(format!("{name}.txt"));
        golden::hold(&path, &self.transcript.borrow());
    }
}
