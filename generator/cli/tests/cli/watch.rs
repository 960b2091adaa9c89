//! `assay try --watch`: runs again after a change, until it is interrupted.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::session::Session;

/// Far longer than a run takes on a busy machine; a test that works never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A watching `assay`, and what it says, line by line.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(session: &Session, arguments: &[&str]) -> Watching {
        let mut command = session.place().command(env!("CARGO_BIN_EXE_assay"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ended = sender.send(line);
                }
            });
        }
        Watching { child, lines }
    }

    /// Waits for lines that hold these texts, in any order.
    fn says(&self, texts: &[&str]) {
        let mut missing = texts.to_vec();
        let mut said = Vec::new();
        while !missing.is_empty() {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{missing:?} is not said; said was: {said:#?}"));
            missing.retain(|text| !line.contains(text));
            said.push(line);
        }
    }

    /// Interrupts it, as Ctrl-C does.
    fn interrupt(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(Signal::INT.as_raw()));
    }
}

/// A test that fails leaves nothing running.
impl Drop for Watching {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn changes_of_submission_and_assignment_run_it_again() {
    let session = Session::greeting();
    session.write("work/greet.sh", session.read("greeting/submissions/shouts/greet.sh"));
    let watching = Watching::start(&session, &["try", "work", "--assignment", "greeting", "--watch"]);
    watching.says(&["2 of 8 points, wrong-output", "watching; Ctrl-C ends"]);
    session.edit("work/greet.sh", "HELLO", "Hello");
    watching.says(&["8 of 8 points, passed", "watching; Ctrl-C ends"]);
    // A mistake is told, and waited out.
    session.edit("greeting/assignment.yaml", "title: Greeting", "titel: Greeting");
    watching.says(&["unknown-key", "watching; Ctrl-C ends"]);
    session.edit("greeting/assignment.yaml", "titel: Greeting", "title: Greeting");
    watching.says(&["8 of 8 points, passed", "watching; Ctrl-C ends"]);
    watching.interrupt();
}

#[test]
fn a_file_that_an_editor_replaces_is_watched_on() {
    let session = Session::greeting();
    session.write("greet.sh", session.read("greeting/submissions/shouts/greet.sh"));
    let watching = Watching::start(&session, &["try", "greet.sh", "-a", "greeting", "--watch"]);
    watching.says(&["2 of 8 points", "watching; Ctrl-C ends"]);
    for (name, points) in [("solution", "8 of 8 points"), ("blanks", "2 of 8 points")] {
        session.write("greet.sh~", session.read(&format!("greeting/submissions/{name}/greet.sh")));
        std::fs::rename(session.path("greet.sh~"), session.path("greet.sh")).unwrap();
        watching.says(&[points, "watching; Ctrl-C ends"]);
    }
    watching.interrupt();
}
