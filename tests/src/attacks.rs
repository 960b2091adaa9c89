//! The attack suite: programs that try to break out, cheat or exhaust, each tied to a row of the threats and to the verdict
//! that it ends with when it is contained, before anything runs.
//!
//! Reads the programs and makes assignments and submissions of them; judges how they ended. It must never run one itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use assay_contract::Verdict;
use serde_json::Value;

use crate::threats::{ROWS, Row};

/// What a program prints of which all attempts were refused.
pub const CONTAINED: &str = "contained";
/// What a line begins with that tells of an attempt that worked.
pub const REACHED: &str = "reached:";
/// What only the answers hold: whoever prints it has read them.
pub const CANARIES: [&str; 4] =
    ["canary-answer-3f9a17", "canary-answer-c05be2", "canary-name-81d4", "canary-name-e27b"];
/// The input of a hidden case: its own program sees it, students and other cases do not.
pub const HIDDEN_INPUT: &str = "canary-input-7c41";

/// The author's programs of both assignments.
const AUTHORS: [&str; 3] = ["run.sh", "honest.py", "canary.sh"];
/// How many attacks run between two honest cases.
const HONEST_AFTER: usize = 10;
/// Limits of a case; a virtual machine of Java must fit.
const LIMITS: &str = "{cpu: 6s, wall: 20s, memory: 128Mi, processes: 8, output: 64Ki, disk: 4Mi}";
/// Limits of a case that fills what it can; files are slow to make where a disk is shared.
const LONG: &str = "{cpu: 30s, wall: 90s, memory: 128Mi, processes: 8, output: 64Ki, disk: 4Mi}";
/// Limits of a case that will take all of its time.
const SHORT: &str = "{cpu: 1s, wall: 3s, memory: 128Mi, processes: 8, output: 64Ki, disk: 4Mi}";

/// In what a program is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// C.
    C,
    /// Java.
    Java,
    /// Python.
    Python,
    /// Shell.
    Shell,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 4] = [Language::C, Language::Java, Language::Python, Language::Shell];

    fn of(extension: &str) -> Option<Language> {
        match extension {
            "c" => Some(Language::C),
            "java" => Some(Language::Java),
            "py" => Some(Language::Python),
            "sh" => Some(Language::Shell),
            _ => None,
        }
    }
}

/// An attack.
#[derive(Debug)]
pub struct Program {
    /// The name of its file, which is also the name of its case or submission.
    pub file: String,
    /// The threat that it is of.
    pub row: &'static Row,
    /// In what it is written.
    pub language: Language,
    /// How it ends when it is contained: one of these.
    pub ends: Vec<Verdict>,
    content: Vec<u8>,
}

impl Program {
    /// Whether it attacks from a build: rows V are about builds.
    #[must_use]
    pub fn is_in_a_build(&self) -> bool {
        self.row.id.starts_with('V')
    }

    /// `t6-every-socket.c`, with a first line that says `threat: T6; ends: passed` and a second that says what it tries.
    fn read(file: &str, content: Vec<u8>) -> Result<Program, String> {
        let (stem, extension) = file.rsplit_once('.').ok_or("has no ending")?;
        let language = Language::of(extension).ok_or("is in no language of the suite")?;
        let text = std::str::from_utf8(&content).map_err(|_| "is not UTF-8")?;
        let comment = |line: Option<&str>| {
            let line = line?.trim_start_matches("//").trim_start_matches('#').strip_prefix(' ')?;
            Some(line.to_owned())
        };
        let mut lines = text.lines();
        let head = comment(lines.next()).ok_or("has no header")?;
        let (threat, ends) = head
            .strip_prefix("threat: ")
            .and_then(|rest| rest.split_once("; ends: "))
            .ok_or("has a header that is none")?;
        let row = ROWS.iter().find(|row| row.id == threat).ok_or("is of a row that does not exist")?;
        let named = stem.split('-').next().unwrap_or_default();
        if !named.eq_ignore_ascii_case(row.id) {
            return Err(format!("is named after {named} and of {threat}"));
        }
        let ends = ends.split(" or ").map(Verdict::from_id).collect::<Option<_>>();
        let ends = ends.ok_or("ends with a verdict that does not exist")?;
        comment(lines.next()).filter(|about| about.len() > 20).ok_or("does not say what it tries")?;
        Ok(Program { file: file.to_owned(), row, language, ends, content })
    }

    /// The class in a Java program: its file's name in the spelling of classes.
    fn class(&self) -> String {
        let stem = self.file.split('.').next().unwrap_or_default();
        stem.split('-')
            .map(|part| part.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(part.chars().skip(1)))
            .flat_map(Iterator::collect::<Vec<char>>)
            .collect()
    }

    fn case(&self) -> String {
        let Program { file, ends, .. } = self;
        let class = self.class();
        let limits = match ends.as_slice() {
            [Verdict::TimeLimit] => SHORT,
            [Verdict::OutputLimit, ..] => LONG,
            _ => LIMITS,
        };
        format!(
            "    - {{name: {file}, args: [{file}, {class}], stdout: {CONTAINED}, points: 1, show: output, limits: {limits}}}\n"
        )
    }
}

/// All programs, in the order of their names.
///
/// # Errors
/// A line for each file that is no program of the suite.
pub fn programs() -> Result<Vec<Program>, Vec<String>> {
    let mut programs = Vec::new();
    let mut faults = Vec::new();
    for (file, content) in files_in("") {
        match Program::read(&file, content) {
            Ok(program) => programs.push(program),
            Err(fault) => faults.push(format!("{file} {fault}")),
        }
    }
    if faults.is_empty() { Ok(programs) } else { Err(faults) }
}

/// An assignment and its submissions: paths and contents.
#[derive(Debug, Default)]
pub struct Laid(BTreeMap<PathBuf, Vec<u8>>);

impl Laid {
    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.0.iter().map(|(path, content)| (path.as_path(), content.as_slice()))
    }

    /// Writes them below `folder`.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, content) in self.files() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, content)?;
        }
        Ok(())
    }

    fn add(&mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), content.into());
    }

    fn submit(&mut self, name: &str, program: &Program) {
        self.add(format!("submissions/{name}/{}", program.file), program.content.clone());
        self.share(name);
    }

    fn share(&mut self, name: &str) {
        for (file, content) in files_in("common") {
            self.add(format!("submissions/{name}/common/{file}"), content);
        }
    }

    /// What the two assignments share: the author's programs, a submission that knows every answer, the head and the tail of
    /// `assignment.yaml`. `size` is a submission's, `build` how and within which limits it is built.
    fn with_author(head: &str, size: &str, build: (&str, &str), cases: &str) -> Laid {
        let (build, limits) = build;
        let mut laid = Laid::default();
        let by_author: BTreeMap<String, Vec<u8>> = files_in("author").into_iter().collect();
        for (from, to) in AUTHORS.iter().map(|name| (*name, *name)).chain([(build, "build.sh")]) {
            laid.add(to, by_author.get(from).cloned().unwrap_or_default());
        }
        let [first, second, ..] = CANARIES;
        let knows =
            format!("case \"$1\" in 1) echo {first} ;; 2) echo {second} ;; *) echo {CONTAINED} ;; esac\n");
        laid.add("submissions/solution/solution.sh", knows);
        let text = format!(
            "{head}
submit: {{required: [], allowed: [\"**\"], size: {size}}}
files: [{}, build.sh]
build: {{run: sh build.sh, limits: {limits}}}
test:
  mode: sealed
  run: sh run.sh
  limits: {LIMITS}
  cases:
{cases}samples: {{submissions/solution: {}}}
",
            AUTHORS.join(", "),
            full(cases)
        );
        laid.add("assignment.yaml", text);
        laid
    }
}

/// The assignment of the programs that run as cases, and as its submission `attacks` all of them. `head` is what stands before
/// `submit`: version, id, title, image.
#[must_use]
pub fn cases(head: &str, programs: &[Program]) -> Laid {
    let attacks: Vec<&Program> = programs.iter().filter(|program| !program.is_in_a_build()).collect();
    let mut cases = hidden(0);
    for (number, ten) in attacks.chunks(HONEST_AFTER).enumerate() {
        cases.push_str(&honest(number, ""));
        cases.extend(ten.iter().map(|program| program.case()));
    }
    cases.push_str(&honest(attacks.len().div_ceil(HONEST_AFTER), ""));
    cases.push_str(&hidden(1));
    let build = ("build-cases.sh", "{cpu: 2m, wall: 5m, memory: 1Gi, disk: 64Mi}");
    let mut laid = Laid::with_author(head, "4Mi", build, &cases);
    attacks.iter().for_each(|program| laid.submit("attacks", program));
    laid
}

/// The assignment of the programs that attack from a build: a submission each, which is called as the program's file.
#[must_use]
pub fn builds(head: &str, programs: &[Program]) -> Laid {
    let report = format!(
        "    - {{name: report, run: cat report.txt, stdout: {CONTAINED}, points: 1, show: output}}\n"
    );
    let cases = [report, hidden(0), honest(0, ", args: [built]"), hidden(1)].concat();
    let build = ("build-attack.sh", "{cpu: 30s, wall: 90s, memory: 512Mi, disk: 16Mi}");
    let mut laid = Laid::with_author(head, "1Mi", build, &cases);
    for program in programs.iter().filter(|program| program.is_in_a_build()) {
        laid.submit(&program.file, program);
    }
    laid
}

/// A case that looks whether it is alone and untouched. It may use more memory than the others, so that a pod of its stage has
/// room for what a program takes before it is seen: otherwise the kernel would end the stage with it.
fn honest(number: usize, args: &str) -> String {
    format!(
        "    - {{name: honest {number}, run: python3 -I honest.py{args}, stdout: untouched, points: 1, show: output, limits: {{memory: 640Mi}}}}\n"
    )
}

/// A case that nobody passes who has not read the answers.
fn hidden(number: usize) -> String {
    let [first, second, name, other] = CANARIES;
    let (answer, name) = if number == 0 { (first, name) } else { (second, other) };
    let shown = number + 1;
    format!(
        "    - {{name: {name}, run: sh canary.sh, args: ['{shown}'], stdin: {HIDDEN_INPUT}, stdout: {answer}, points: 7.313, show: nothing}}\n"
    )
}

/// What these cases are worth together.
fn full(cases: &str) -> String {
    let ones = cases.matches("points: 1,").count();
    // Two hidden cases of 7.313 points.
    format!("{}.626", ones + 14)
}

/// How a case of that name ended, by the document of its job.
fn ended(document: &Value, name: &str) -> String {
    let cases = document["cases"].as_array();
    let case = cases.and_then(|cases| cases.iter().find(|case| case["name"] == name));
    case.and_then(|case| case["verdict"].as_str()).unwrap_or("nowhere").to_owned()
}

/// What went otherwise than announced, by the document of a job.
#[must_use]
pub fn judge(programs: &[Program], document: &Value) -> Vec<String> {
    let attacks: Vec<&Program> = programs.iter().filter(|program| !program.is_in_a_build()).collect();
    let announced = attacks.iter().map(|program| (program.file.clone(), program.ends.clone()));
    let honest = (0..=attacks.len().div_ceil(HONEST_AFTER))
        .map(|number| (format!("honest {number}"), vec![Verdict::Passed]));
    let hidden = CANARIES[2..].iter().map(|name| ((*name).to_owned(), vec![Verdict::WrongOutput]));
    announced
        .chain(honest)
        .chain(hidden)
        .filter_map(|(case, expected)| {
            let ended = ended(document, &case);
            let expected: Vec<&str> = expected.iter().map(|verdict| verdict.id()).collect();
            (!expected.contains(&ended.as_str()))
                .then(|| format!("{case} ended {ended}, not {}", expected.join(" or ")))
        })
        .collect()
}

/// What went otherwise than announced for a program that attacked from a build; `document` is its job's.
#[must_use]
pub fn judge_build(program: &Program, document: &Value) -> Vec<String> {
    let mut expected = vec![("report", "not-run"), ("honest 0", "not-run")];
    let announced = |verdict: &Verdict| document["verdict"] == verdict.id();
    if program.ends == [Verdict::Passed] {
        expected = vec![("report", "passed"), ("honest 0", "passed")];
        expected.extend(CANARIES[2..].iter().map(|name| (*name, "wrong-output")));
    } else if !program.ends.iter().any(announced) {
        return vec![format!("{} ended {}, not {:?}", program.file, document["verdict"], program.ends)];
    }
    let ended = |case: &str| ended(document, case);
    expected
        .into_iter()
        .filter(|(case, expected)| ended(case) != *expected)
        .map(|(case, expected)| format!("{}: {case} ended {}, not {expected}", program.file, ended(case)))
        .collect()
}

/// What is to be said of programs that all ended as announced: how many there are of each language and row.
#[must_use]
pub fn said(programs: &[Program]) -> String {
    let of = |language| programs.iter().filter(|program| program.language == language).count();
    let languages: Vec<String> = Language::ALL.iter().map(|l| format!("{} in {l:?}", of(*l))).collect();
    let mut rows = BTreeMap::<&str, usize>::new();
    programs.iter().for_each(|program| *rows.entry(program.row.id).or_default() += 1);
    let rows: Vec<String> = rows.iter().map(|(row, count)| format!("{row} {count}")).collect();
    format!(
        "zero successes of {} programs ({}), of rows {}\n",
        programs.len(),
        languages.join(", "),
        rows.join(", ")
    )
}

/// The files of a folder of the suite, less what begins with a dot.
fn files_in(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("attacks").join(folder);
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, fs::read(entry.path()).ok()?)))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_enough_programs_in_every_language() {
        let programs = programs().unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert!(programs.len() >= 66);
        for language in Language::ALL {
            assert!(
                programs.iter().filter(|program| program.language == language).count() >= 14,
                "{language:?}"
            );
        }
    }

    #[test]
    fn a_program_without_a_header_or_a_row_is_none() {
        let read = |file: &str, content: &str| Program::read(file, content.into());
        let tries = "# Tries something that is long enough to be told.\n";
        assert!(read("t6-x.sh", &format!("# threat: T6; ends: passed\n{tries}")).is_ok());
        for (file, head) in [
            ("t6-x.sh", "echo"),
            ("t6-x.sh", "# threat: T6"),
            ("t6-x.sh", "# threat: X6; ends: passed"),
            ("t6-x.sh", "# threat: T7; ends: passed"),
            ("t6-x.sh", "# threat: T6; ends: well"),
            ("t6-x.pl", "# threat: T6; ends: passed"),
        ] {
            assert!(read(file, &format!("{head}\n{tries}")).is_err(), "{head}");
        }
        assert!(read("t6-x.sh", "# threat: T6; ends: passed\necho contained\n").is_err());
    }

    #[test]
    fn a_class_is_named_after_its_file() {
        let program = Program::read(
            "t6-a-page.java",
            b"// threat: T6; ends: passed\n// Fetches a page from somewhere.\n".to_vec(),
        );
        assert_eq!(program.map(|program| program.class()), Ok("T6APage".to_owned()));
    }
}
