//! A bench: an assignment of its own, submissions, and folders of its own to run the program in. Every run is held
//! against the promise that it leaves no trace.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use assay_contract::configuration::TestConfiguration;
use assay_contract::{CaseId, Exit, Output, Volume, layout};
use tempfile::TempDir;

use crate::finished::Finished;
use crate::machine::{Listing, listing};
use crate::program::{Who, assay};

/// How long a run may take before it counts as hanging; the longest limits in the tests are far below.
const HANGS: Duration = Duration::from_secs(600);

/// What stands in every assignment that a bench makes.
const HEAD: &str = "apiVersion: assay.dev/v1
id: tests/engine
title: Engine
salt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
image: registry.example.edu/hub/singleuser:2026.1
";

/// How the names of folders begin where nobody looks for a word in them.
const PLAIN: &str = "bench-";

/// A place to run the program in: `assignment/`, `here/` as working folder, `tmp/` as the folder for temporary files.
#[derive(Debug)]
pub struct Bench {
    root: TempDir,
    who: Who,
    program: PathBuf,
}

impl Bench {
    /// A bench without an assignment.
    ///
    /// # Panics
    /// If its folders cannot be made.
    #[must_use]
    pub fn empty(who: Who) -> Bench {
        Bench::named(who, PLAIN)
    }

    /// A bench without an assignment, in a folder whose name begins with `name`: everything on it has a path with that word.
    ///
    /// # Panics
    /// If its folders cannot be made.
    #[must_use]
    pub fn named(who: Who, name: &str) -> Bench {
        let root = folder(name);
        set_mode(root.path(), 0o755);
        for name in ["assignment", "here", "tmp"] {
            let folder = root.path().join(name);
            fs::create_dir(&folder).expect("a folder can be made");
            set_mode(&folder, if name == "assignment" { 0o755 } else { 0o777 });
        }
        let program = match who {
            Who::Caller => assay().to_owned(),
            Who::Ordinary => {
                // The target folder may lie in a home that nobody else may enter.
                let copy = root.path().join("assay");
                // By another process: a program cannot be started while a file of it is open for writing, and what
                // another test starts at this moment would inherit ours.
                let copied = Command::new("cp").arg(assay()).arg(&copy).status();
                assert!(copied.expect("cp is there").success(), "the program cannot be copied");
                set_mode(&copy, 0o755);
                copy
            }
        };
        Bench { root, who, program }
    }

    /// A bench whose assignment is a common head and `rest`.
    #[must_use]
    pub fn new(who: Who, rest: &str) -> Bench {
        let bench = Bench::empty(who);
        bench.write("assignment.yaml", format!("{HEAD}{rest}"));
        bench
    }

    /// A bench with a copy of the example `name`.
    #[must_use]
    pub fn of_example(who: Who, name: &str) -> Bench {
        let bench = Bench::empty(who);
        let example = examples().join(name);
        for path in files_below(&example) {
            let relative = path.strip_prefix(&example).expect("it lies below").to_owned();
            bench.write(relative, fs::read(&path).expect("an example can be read"));
        }
        bench
    }

    /// Writes a file below `assignment/`, which everybody can read.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let folder = self.assignment();
        let path = folder.join(path);
        let parent = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(parent).expect("folders can be made");
        for above in parent.ancestors().take_while(|above| *above != folder) {
            set_mode(above, 0o755);
        }
        fs::write(&path, content).expect("a file can be written");
        set_mode(&path, 0o644);
        path
    }

    /// Writes the submission `name` of one file.
    pub fn submission(&self, name: &str, file: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(format!("submissions/{name}/{file}"), content);
        path.parent().expect("it lies in its folder").to_owned()
    }

    /// The folder of the submission `name`.
    #[must_use]
    pub fn submitted(&self, name: &str) -> PathBuf {
        self.assignment().join("submissions").join(name)
    }

    /// The assignment's folder.
    #[must_use]
    pub fn assignment(&self) -> PathBuf {
        self.root.path().join("assignment")
    }

    /// The working folder; a run may be asked to write here.
    #[must_use]
    pub fn here(&self) -> PathBuf {
        self.root.path().join("here")
    }

    /// Everything on the bench.
    #[must_use]
    pub fn listing(&self) -> Listing {
        listing(self.root.path())
    }

    /// The program, to be started here with `args`, through the command line `before`.
    pub fn command<S: AsRef<OsStr>>(&self, before: &[&str], args: impl IntoIterator<Item = S>) -> Command {
        let first = before.first().map_or(self.program.as_os_str(), OsStr::new);
        let mut command = self.who.command(first);
        if !before.is_empty() {
            command.args(&before[1..]).arg(&self.program);
        }
        command.args(args).current_dir(self.here()).env("TMPDIR", self.root.path().join("tmp"));
        // What a careless shell would hand down.
        command
            .env("SECRET", "of-the-caller")
            .env("SSH_AUTH_SOCK", "/run/agent")
            .env("LD_LIBRARY_PATH", "/nowhere");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program with `args` to its end. What it says must be fit to be shown.
    ///
    /// # Panics
    /// If it hangs, or says something that a terminal would obey.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Finished {
        let finished = finish(self.command(&[], args).spawn().expect("the program can be started"));
        finished.is_fit_to_be_shown();
        finished
    }

    /// Tries a submission; asks for JSON. Nothing may be left, here or in the folder for temporary files.
    ///
    /// # Panics
    /// If anything on the bench has changed.
    #[track_caller]
    pub fn attempt(&self, submission: &Path, more: &[&str]) -> Finished {
        let before = self.listing();
        let finished = self.run(self.try_args(submission, more));
        assert_eq!(self.listing(), before, "the run left something behind");
        finished
    }

    /// Tries a submission like [`Bench::attempt`], and keeps the volumes.
    ///
    /// # Panics
    /// If anything on the bench has changed.
    #[track_caller]
    pub fn attempt_and_keep(&self, submission: &Path, more: &[&str]) -> (Finished, Kept) {
        let kept = Kept::named(PLAIN);
        let folder = kept.path().display().to_string();
        let finished = self.attempt(submission, &[&["--keep", folder.as_str()], more].concat());
        (finished, kept)
    }

    /// The arguments by which a submission is tried.
    #[must_use]
    pub fn try_args(&self, submission: &Path, more: &[&str]) -> Vec<String> {
        let mut args: Vec<String> =
            vec!["try".into(), submission.display().to_string(), "--assignment".into()];
        args.push(self.assignment().display().to_string());
        args.extend(["--output".into(), "json".into()]);
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        args
    }

    /// Asserts that the submission `solution` is still graded right.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn grades_a_good_one(&self) {
        let finished = self.attempt(&self.submitted("solution"), &[]);
        let document = finished.ended(Exit::Done).document();
        assert_eq!(document["verdict"], "passed", "{document:#}");
        assert_eq!(document["points"], document["max_points"]);
    }
}

/// The volumes of a run, as `--keep` wrote them.
#[derive(Debug)]
pub struct Kept(TempDir);

impl Kept {
    /// A place for the volumes of a run, in a folder whose name begins with `name`.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn named(name: &str) -> Kept {
        let kept = Kept(folder(name));
        set_mode(kept.0.path(), 0o777);
        kept
    }

    /// The folder that was named to `--keep`: one folder a volume.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.path().join("kept")
    }

    /// The folder of a volume.
    #[must_use]
    pub fn volume(&self, volume: Volume) -> PathBuf {
        self.path().join(volume.id())
    }

    /// What Test is to do; `None` where Setup laid out nothing.
    #[must_use]
    pub fn plan(&self) -> Option<TestConfiguration> {
        let plan = fs::read(self.volume(Volume::Submission).join(layout::PLAN)).ok()?;
        serde_json::from_slice(&plan).ok()
    }

    /// What Setup laid out beside the submitted files, with inputs named by their contents instead of by its key.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn laid_out(&self) -> Vec<(String, String)> {
        let volume = self.volume(Volume::Submission);
        let plan = volume.join(layout::PLAN);
        let places = self.plan().map(|plan| plan.files).unwrap_or_default();
        let plain = |text: &str| {
            places.iter().fold(text.to_owned(), |text, (content, at)| text.replace(at, content.as_str()))
        };
        let mut laid_out: Vec<(String, String)> = listing(&volume)
            .into_iter()
            .filter(|(path, _)| !path.starts_with(volume.join(layout::TREE)))
            .map(|(path, content)| {
                let content = if path == plan {
                    fs::read_to_string(&path).expect("it was read before")
                } else {
                    content
                };
                let path = path.strip_prefix(&volume).expect("it lies below");
                (plain(&path.display().to_string()), plain(&content))
            })
            .collect();
        laid_out.sort();
        laid_out
    }

    /// The code of the refusal, or `none`, as Setup told it.
    ///
    /// # Panics
    /// If Setup told nothing.
    #[must_use]
    #[track_caller]
    pub fn refusal(&self) -> String {
        let path = Output::Refusal.path();
        let told = self.path().join(path.trim_start_matches(layout::VOLUMES_ROOT).trim_start_matches('/'));
        fs::read_to_string(&told).unwrap_or_else(|error| panic!("{}: {error}", told.display()))
    }

    /// What the case at `index`, counted from 0, wrote to standard output.
    ///
    /// # Panics
    /// If it left nothing.
    #[must_use]
    #[track_caller]
    pub fn stdout(&self, index: usize) -> String {
        let bytes = self
            .file(Volume::Testing, &format!("{}/{}", layout::case_dir(&CaseId::at(index)), layout::STDOUT));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What a file of a volume holds.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    #[track_caller]
    pub fn file(&self, volume: Volume, path: &str) -> Vec<u8> {
        let path = self.volume(volume).join(path);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// The examples of this checkout.
#[must_use]
pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Waits for the end of a run.
///
/// # Panics
/// If it does not come; the run is killed then.
#[track_caller]
pub fn finish(mut child: Child) -> Finished {
    let stdout = child.stdout.take().map(read_in_background);
    let stderr = child.stderr.take().map(read_in_background);
    // A stream that is still open belongs to a process that still runs.
    let [stdout, stderr] = [stdout, stderr].map(|text| match text.map(|text| text.recv_timeout(HANGS)) {
        None => String::new(),
        Some(Ok(text)) => text,
        Some(Err(_)) => {
            child.kill().expect("the program can be killed");
            panic!("the program hangs, or writes something that is not UTF-8");
        }
    });
    Finished { code: child.wait().expect("the program can be waited for").code(), stdout, stderr }
}

fn read_in_background(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, text) = mpsc::channel();
    thread::spawn(move || {
        let mut read = String::new();
        pipe.read_to_string(&mut read).expect("the program writes UTF-8");
        // Whoever waits may have given up.
        let _given_up = sender.send(read);
    });
    text
}

fn folder(name: &str) -> TempDir {
    tempfile::Builder::new().prefix(name).tempdir().expect("a temporary folder can be made")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("an example can be listed") {
        let path = entry.expect("an example can be listed").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions can be set");
}
