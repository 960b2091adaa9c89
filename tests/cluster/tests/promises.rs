//! The page of promises holds what it says of itself: its tests are there, and its numbers are those of the code. Needs no
//! cluster.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use Source::{Counted, Said};
use assay_contract::administration::Duty;
use assay_contract::{Cause, Fault, Stage, Trust, Volume, table};
use assay_tests::attacks::{self, Language};
use assay_tests::threats::{self, Held};
use assay_tests_cluster::broken::Variant;
use assay_tests_cluster::faults;

const PAGE: &str = "docs/promises.md";
/// The same page in the book, which is a folder deeper and links otherwise.
const IN_THE_BOOK: &str = "docs/src/promises.md";

/// Where a number comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// This stands in that file.
    Said(&'static str, &'static str),
    /// It can be counted; it stands for `{}`.
    Counted(fn() -> usize),
}

const CASES: &str = "tests/tests/hostile/cases.rs";
const DELIVERY: &str = "tests/tests/hostile/delivery.rs";
const EVERY: &str = "generator/core/src/audit/tests/every.rs";
const EVIDENCE: &str = "tests/tests/hostile/evidence.rs";
const GRADE: &str = "stage-tools/score/src/grade/tests.rs";
const INTAKE: &str = "tests/tests/hostile/intake.rs";
const KILLS: &str = "tests/tests/engine_kill.rs";
const LEAKS: &str = "tests/tests/hostile/leaks/canaries.rs";
const REMOVING: &str = "stage-tools/untrusted/tests/trees/removing.rs";
const RERUNS: &str = "tests/tests/hostile/reruns.rs";
const YAML: &str = "generator/core/src/assignment/yaml.rs";

/// Every number of the page that is neither none nor one, and where it comes from.
const NUMBERS: &[(&str, &str, Source)] = &[
    ("P1", "{} limits", Counted(limits)),
    (
        "P2",
        "5 ms",
        Said("stage-tools/stage/src/confine/watch.rs", "SAMPLE_EVERY: Duration = Duration::from_millis(5);"),
    ),
    ("P3", "100,000 files", Said(CASES, "for n in range(100000):")),
    ("P5", "10,000 swaps", Said(INTAKE, r#"[ "$(swaps)" -lt 10000 ]"#)),
    ("P7", "50 of 50", Said(DELIVERY, "for try in $(seq 50); do")),
    ("P8", "more than 30", Said(RERUNS, r#"[ "$tried" -gt 30 ]"#)),
    ("P9", "4 errors", Said(RERUNS, "refusals=(ENOSPC EDQUOT EIO EROFS)")),
    ("P9", "14 full or read-only volumes", Said(RERUNS, r#"[ "$tried" = 14 ]"#)),
    ("P10", "{} rows", Counted(|| faults::ROWS.len())),
    ("P11", "2 of 3", Said("tests/cluster/src/faults/rows.rs", "Act::LeaveCases(2)")),
    ("P12", "{} of", Counted(|| causes(|fault| fault == Fault::Student))),
    ("P12", "{} causes", Counted(|| causes(|_| true))),
    (
        "P15",
        "3 bombs",
        Said(
            "tests/cluster/tests/hostile.rs",
            r#"[("fork-bomb", "bomb-1"), ("eats-memory", "bomb-2"), ("fills-disk", "bomb-3")]"#,
        ),
    ),
    ("P16", "128 traps", Said(DELIVERY, r#"[ "$tried" = 128 ]"#)),
    ("P16", "5,000 swaps", Said(DELIVERY, r#"[ "$(swaps)" -lt 5000 ]"#)),
    ("P17", "2 of 2", Said(RERUNS, "for kind in full read-only; do\n    restore anew\n    shut student")),
    ("P20", "3 times", Said("generator/cluster/src/sweep/decide.rs", "pub const TRIES: u32 = 3;")),
    ("P22", "18 planted words", Said(LEAKS, "pub(super) const WORDS: [(Kind, &str); 18]")),
    (
        "P22",
        "4 volumes",
        Said(
            "tests/tests/hostile/leaks/programs.rs",
            "[Volume::SetupConfiguration, Volume::Submission, Volume::Verification, Volume::Testing]",
        ),
    ),
    ("P26", "6 ways", Said(CASES, r#"["sys.exit(0)", "os._exit(0)", "os.close(1); os._exit(0)"]"#)),
    ("P26", "6 ways", Said(CASES, r#"["SIGKILL", "SIGABRT", "SIGSEGV"]"#)),
    ("P27", "12 contradictions", Said(GRADE, "let changes: [(Change, &str); 12]")),
    (
        "P28",
        "10 kinds",
        Said(EVIDENCE, "for kind in fifo folder link loop dangling socket hard sparse nameless device; do"),
    ),
    ("P28", "5 s", Said(EVIDENCE, r#"TRACE="timeout 5" results"#)),
    ("P30", "{} codes", Counted(|| headings("codes.md", "### ", "Problems of an assignment"))),
    ("P31", "{} wishes", Counted(asked_for)),
    ("P32", "1 MiB", Said(YAML, "MAX_BYTES: usize = 1 << 20;")),
    ("P32", "32 levels", Said(YAML, "MAX_DEPTH: usize = 32;")),
    ("P32", "200,000 nodes", Said(YAML, "MAX_NODES: usize = 200_000;")),
    ("P33", "1,000 random", Said("generator/core/src/render/tests.rs", "with_cases(1000)")),
    ("P33", "1,000 random", Said("generator/core/tests/random_assignments.rs", "cases: 1_000")),
    ("P34", "{} changes do", Counted(|| revisions(1))),
    ("P34", "{} do not", Counted(|| revisions(0))),
    ("P36", "40 moments", Said(KILLS, "const MOMENTS: u32 = 40;")),
    ("P36", "3 programs", Said(KILLS, r#"for name in ["solution", "loops", "forks"]"#)),
    ("P36", "{} signals", Counted(|| tests_of(KILLS).names.len())),
    ("P37", "{} volumes", Counted(|| Volume::ALL.len())),
    (
        "P37",
        "4 variables beside yours",
        Said("tests/tests/engine_probe.rs", r#"["HOME", "LANG", "OF_THE_AUTHOR", "PATH", "TMPDIR"]"#),
    ),
    ("P39", "{} submissions", Counted(submissions)),
    ("P39", "{} examples", Counted(|| examples().len())),
    ("P39", "10 of them", Said("tests/cluster/tests/jobs.rs", "const CLASSES: [(&str, &str); 10]")),
    ("P40", "{} examples", Counted(|| examples().len())),
    ("P40", "2 runs", Said("tests/tests/engine_examples.rs", "the second time")),
    ("P45", "60 lines", Said("stage-tools/score/src/diff.rs", "MAX_LINES: usize = 60;")),
    ("P45", "200 characters", Said("stage-tools/score/src/diff.rs", "MAX_WIDTH: usize = 200;")),
    ("P46", "{} mounts", Counted(mounts)),
    ("P46", "{} cells", Counted(|| Volume::ALL.len() * Stage::ALL.len() - mounts())),
    ("P48", "{} of", Counted(|| Stage::ALL.into_iter().filter(|stage| stage.holds_key()).count())),
    ("P48", "{} stages", Counted(|| Stage::ALL.len())),
    ("P51", "{} deviations", Counted(|| files("tests/cluster/admission/refused").len())),
    ("P51", "{} needs", Counted(|| files("tests/cluster/admission/accepted").len())),
    ("P52", "more than 1,000 parts", Said(EVERY, "all.len() > 1_000")),
    ("P52", "more than 3,500 changes", Said(EVERY, "changes > 3500")),
    ("P53", "{} settings", Counted(settings)),
    ("P55", "{} of", Counted(|| faults::ROWS.len())),
    ("P55", "{} faults", Counted(|| faults::ROWS.len())),
    ("P56", "4 of 4", Said(RERUNS, r#"same "$processes" 4"#)),
    ("P57", "{} duties", Counted(|| Duty::ALL.len())),
    ("P59", "4 roles", Said("generator/cluster/src/rights.rs", "pub const ALL: [Role; 4]")),
    ("P60", "{} checks", Counted(|| checks().len())),
    ("P63", "6 MiB", Said("stage-tools/bundle/build.rs", "const MAX_BYTES: usize = 6 << 20;")),
    ("P64", "{} of", Counted(|| threats::ROWS.len() - waiting())),
    ("P64", "{} threats", Counted(|| threats::ROWS.len())),
    ("P64", "{} wait", Counted(waiting)),
    ("P65", "{} programs", Counted(|| attacks::programs().unwrap().len())),
    ("P65", "{} languages", Counted(|| Language::ALL.len())),
    ("P66", "{} targets", Counted(|| files("tests/fuzz/corpus").len())),
    ("P66", "10 inputs", Said("tests/fuzz/tests/corpora.rs", "(10..=MOST_FILES)")),
    (
        "P66",
        "3 places",
        Said(
            "tests/fuzz/tests/corpora.rs",
            "vec![input.len() / 3, input.len() / 2, input.len().saturating_sub(1)]",
        ),
    ),
    (
        "P67",
        "2 other readers",
        Said(
            "stage-tools/untrusted/tests/zips/mutated.rs",
            "prop_assert_eq!(&seen_by_zip(&zip), &found);\n            prop_assert_eq!(&seen_by_rawzip(&zip), &found);",
        ),
    ),
    ("P69", "64 MiB", Said(INTAKE, r#"[ "$(cat /tmp/memory)" -lt 65536 ]"#)),
    ("P69", "300,000 entries", Said(INTAKE, "many(300_000)")),
    ("P70", "64 KiB", Said("stage-tools/receipt/src/envelope.rs", "MAX_BYTES: usize = 64 * 1024;")),
    ("P71", "4 MiB", Said(GRADE, "size < 4 << 20")),
    ("P71", "2,000 cases", Said(GRADE, "(0..2_000).map(case)")),
    ("P72", "400 characters", Said("stage-tools/score/src/safe_text.rs", "MAX_LINE: usize = 400;")),
    ("P74", "5,000 levels", Said(REMOVING, "5_000);")),
    ("P74", "100,000 files", Said(REMOVING, "0..100_000")),
    ("P75", "500 random", Said("stage-tools/page/tests/pages/inert.rs", "with_cases(500)")),
    ("P75", "32 MiB", Said("stage-tools/page/tests/pages/size.rs", "MAX_PAGE: usize = 32 << 20;")),
    ("P78", "more than 25", Said("generator/queue/tests/server/rights.rs", "assert!(tried >= 25,")),
    ("P79", "40 hand-ins", Said("generator/queue/tests/server/outages.rs", "for n in 0..40 {")),
    (
        "P79",
        "2 servers",
        Said("generator/queue/tests/server/outages.rs", "vec![bench.server().await, bench.server().await]"),
    ),
    ("P80", "10,000 requests", Said("tests/tests/hostile/queue.rs", "(0..10_000).map(")),
];

fn limits() -> usize {
    lines_with("stage-tools/contract/src/limits.rs", "    pub ")
}

/// How many causes of an end in a pod of student code have such a fault.
fn causes(of: fn(Fault) -> bool) -> usize {
    Cause::ALL.iter().filter(|cause| cause.fault(Trust::Untrusted).is_some_and(of)).count()
}

fn asked_for() -> usize {
    listed("tests/tests/hostile/zips.rs", "i2_what_an_assignment_may_not_ask_for", r#"(""#)
}

fn settings() -> usize {
    listed("generator/core/src/operator.rs", "what_would_weaken_the_table_is_refused", "\"")
}

/// How many changes of an assignment are tried in the first or the second list.
fn revisions(list: usize) -> usize {
    let body = function("generator/core/src/assignment/tests.rs", "the_revision_follows");
    let list = body.split("] {").nth(list).unwrap_or_default();
    list.lines().filter(|line| line.trim_start().starts_with("(\"")).count()
}

fn mounts() -> usize {
    Stage::ALL.into_iter().map(|stage| table::mounts(stage).len()).sum()
}

fn waiting() -> usize {
    threats::ROWS.iter().filter(|row| matches!(row.held, Held::Waits(_))).count()
}

fn examples() -> BTreeSet<String> {
    let with_submissions = |name: &String| root().join("examples").join(name).join("submissions").is_dir();
    files("examples").into_iter().filter(with_submissions).collect()
}

fn submissions() -> usize {
    examples().iter().map(|name| files(&format!("examples/{name}/submissions")).len()).sum()
}

/// The checks of `assay doctor`, of whose list the page is made.
fn checks() -> BTreeSet<String> {
    let page = read("docs/src/reference/checks.md");
    page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// How many headings a page of the reference has in a section.
fn headings(page: &str, mark: &str, section: &str) -> usize {
    let text = read(&format!("docs/src/reference/{page}"));
    let (_, from) = text.split_once(&format!("\n## {section}\n")).unwrap();
    let section = from.split_once("\n## ").map_or(from, |(section, _)| section);
    section.lines().filter(|line| line.starts_with(mark)).count()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[track_caller]
fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn files(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn lines_with(file: &str, beginning: &str) -> usize {
    read(file).lines().filter(|line| line.starts_with(beginning)).count()
}

/// The text of the first function whose name begins so.
fn function(file: &str, name: &str) -> String {
    let text = read(file);
    let mut lines = text.lines().skip_while(|line| !line.trim_start().starts_with(&format!("fn {name}")));
    let first = lines.next().unwrap_or_else(|| panic!("{file} has no function {name}"));
    let end = format!("{}}}", &first[..first.len() - first.trim_start().len()]);
    lines.take_while(|line| *line != end).map(|line| format!("{line}\n")).collect()
}

/// How many lines of a function begin so.
fn listed(file: &str, name: &str, beginning: &str) -> usize {
    function(file, name).lines().filter(|line| line.trim_start().starts_with(beginning)).count()
}

#[derive(Debug)]
struct Promise {
    id: String,
    number: String,
    held: String,
}

/// The cells of the rows of all tables in a text, without headings.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let heads = |at: usize| lines.get(at + 1).is_some_and(|next| next.starts_with("|---"));
    let is_row = |at: usize| lines[at].starts_with("| ") && !heads(at);
    let cells = |line: &str| -> Vec<String> {
        let inside = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')).unwrap();
        inside.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    (0..lines.len()).filter(|at| is_row(*at)).map(|at| cells(lines[at])).collect()
}

/// The page before the operator's duties, and from there on.
fn parts() -> (String, String) {
    let page = read(PAGE);
    let (promises, duties) = page.split_once("\n## The operator's duties\n").unwrap();
    (promises.to_owned(), duties.to_owned())
}

fn promises() -> Vec<Promise> {
    let rows = rows(&parts().0).into_iter();
    let promises = rows.map(|row| match <[String; 4]>::try_from(row) {
        Ok([id, _promise, number, held]) => Promise { id, number, held },
        Err(row) => panic!("not the four cells of a promise: {row:?}"),
    });
    promises.collect()
}

/// The tests of a file: by their names, and by forms of names.
#[derive(Debug, Default)]
struct Tests {
    names: BTreeSet<String>,
    forms: BTreeSet<String>,
}

impl Tests {
    fn has(&self, name: &str) -> bool {
        match name.strip_suffix('…') {
            None => self.names.contains(name) || self.forms.iter().any(|form| fits(form, name)),
            Some(beginning) => self.names.iter().chain(&self.forms).any(|name| name.starts_with(beginning)),
        }
    }
}

/// Whether a name is of a form, in which something stands for each pair of braces.
fn fits(form: &str, name: &str) -> bool {
    let Some((before, rest)) = form.split_once('{') else { return form == name };
    let (Some((_, after)), Some(name)) = (rest.split_once('}'), name.strip_prefix(before)) else {
        return false;
    };
    (1..=name.len()).any(|at| name.is_char_boundary(at) && fits(after, &name[at..]))
}

fn tests_of(file: &str) -> Tests {
    let text = read(file);
    let mut tests = Tests::default();
    let (mut is_test, mut in_trials) = (false, false);
    for line in text.lines().map(str::trim) {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(function) = function.filter(|_| is_test) {
            is_test = false;
            tests.names.extend(function.split('(').next().map(str::to_owned));
        }
        is_test |= line == "#[test]" || line == "#[tokio::test]";
        if in_trials && line.starts_with(']') {
            in_trials = false;
        }
        if in_trials {
            tests.names.insert(line.trim_end_matches(',').to_owned());
        }
        in_trials |= line == "trials![";
        if let Some((_, list)) = line.split_once("trials![").filter(|(_, list)| list.ends_with(']')) {
            tests.names.extend(list.trim_end_matches(']').split(", ").map(str::to_owned));
        }
        let literal = |before: &str| Some(line.split_once(before)?.1.split_once('"')?.0.to_owned());
        tests.names.extend(literal("trial(\""));
        tests.names.extend(literal("Trial::test(\""));
        tests.forms.extend(literal("trial(format!(\""));
    }
    match file {
        "tests/cluster/tests/faults.rs" => {
            for row in faults::ROWS {
                tests.names.extend(row.is_tried(false).then(|| row.id.to_owned()));
                tests.names.extend(row.is_tried(true).then(|| format!("strict-{}", row.id)));
            }
        }
        "tests/cluster/tests/table.rs" => {
            tests.names.extend([false, true].map(|strict| Variant::of(strict).name().to_owned()));
        }
        _ => {}
    }
    tests
}

/// What is wrong with a cell that names tests.
fn wrong_tests(held: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let code = |text: &str| Some(text.strip_prefix('`')?.strip_suffix('`')?.to_owned());
    for of_a_file in held.split("; ") {
        let Some((file, names)) =
            of_a_file.split_once(": ").and_then(|(file, names)| Some((code(file)?, names)))
        else {
            wrong.push(format!("`{of_a_file}` names no test of a file"));
            continue;
        };
        if !root().join(&file).is_file() {
            wrong.push(format!("{file} is not there"));
            continue;
        }
        let tests = tests_of(&file);
        if names == "all" {
            if tests.names.is_empty() && tests.forms.is_empty() {
                wrong.push(format!("{file} has no test"));
            }
            continue;
        }
        for name in names.split(", ") {
            if !code(name).is_some_and(|name| tests.has(&name)) {
                wrong.push(format!("{file} has no test {name}"));
            }
        }
    }
    wrong
}

/// What is wrong with the numbers of a promise.
fn wrong_numbers(promise: &Promise) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut left = promise.number.clone();
    if !left.contains(|c: char| c.is_ascii_digit()) {
        wrong.push("has no number".to_owned());
    }
    for (_, number, source) in NUMBERS.iter().filter(|(id, ..)| *id == promise.id) {
        let number = match source {
            Counted(count) => number.replace("{}", &count().to_string()),
            Said(file, text) if read(file).contains(text) => (*number).to_owned(),
            Said(file, text) => {
                wrong.push(format!("`{number}`: {file} does not say {text:?} any more"));
                continue;
            }
        };
        // As words, so that 7 is not found in 17.
        if format!(" {}", promise.number).contains(&format!(" {number}")) {
            left = left.replace(&number, " ");
        } else {
            wrong.push(format!("says `{}`, and should say `{number}`", promise.number));
        }
    }
    let digits = left.split(|c: char| !c.is_ascii_digit() && c != ',');
    let unheld =
        digits.filter_map(|digits| digits.replace(',', "").parse().ok()).filter(|number: &u64| *number > 1);
    wrong.extend(unheld.map(|number| format!("says {number}, which nothing here holds")));
    wrong
}

#[test]
fn the_promises_are_counted_from_one() {
    let ids: Vec<String> = promises().into_iter().map(|promise| promise.id).collect();
    let expected: Vec<String> = (1..=ids.len()).map(|number| format!("P{number}")).collect();
    assert_eq!(ids, expected);
    assert!(NUMBERS.iter().all(|(id, ..)| ids.iter().any(|known| known == id)));
}

#[test]
fn every_promise_is_held_by_tests_that_are_there() {
    let wrong: Vec<String> = promises()
        .iter()
        .flat_map(|Promise { id, held, .. }| {
            wrong_tests(held).into_iter().map(move |wrong| format!("{id}: {wrong}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_promise_has_the_number_of_the_code() {
    let wrong: Vec<String> = promises()
        .iter()
        .flat_map(|promise| {
            wrong_numbers(promise).into_iter().map(|wrong| format!("{}: {wrong}", promise.id))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_check_of_doctor_looks_at_a_duty() {
    let duties = rows(&parts().1);
    let mut named = BTreeSet::new();
    for duty in &duties {
        let [_, why, looked] = duty.as_slice() else { panic!("not the three cells of a duty: {duty:?}") };
        let names: Vec<&str> = looked.split('`').skip(1).step_by(2).collect();
        assert!(!why.is_empty() && (!names.is_empty() || looked.starts_with("not checked: ")), "{duty:?}");
        named.extend(names.into_iter().map(str::to_owned));
    }
    assert_eq!(named, checks());
}

#[test]
fn what_is_no_promise_is_found_out() {
    for (number, held) in [
        ("often", "`tests/src/threats.rs`: `no_two_rows_have_one_id_and_most_are_held`"),
        ("2 of them", "`tests/src/threats.rs`: `no_two_rows_have_one_id_and_most_are_held`"),
        ("0", "`tests/src/nothing.rs`: `no_two_rows_have_one_id_and_most_are_held`"),
        ("0", "`tests/src/threats.rs`: `rows_of`"),
        ("0", "`tests/src/threats.rs`: all of them"),
        ("0", "`tests/src/threats.rs`"),
        ("0", "`tests/tests/hostile/cases.rs`: `t5_every_limit`"),
        ("0", "`tests/cluster/tests/faults.rs`: `no-fault`"),
        ("0", "`tests/cluster/tests/argo.rs`: `submit/`"),
        ("0", "`tests/cluster/tests/admission.rs`: `ignored/…`"),
        ("0", ""),
    ] {
        let promise = Promise { id: "P0".into(), number: number.into(), held: held.into() };
        assert!(!wrong_numbers(&promise).is_empty() || !wrong_tests(held).is_empty(), "{promise:?}");
    }
    // A number that is not the counted one, in a row that has one.
    let promise = Promise { id: "P48".into(), number: "3 of 5 stages".into(), held: String::new() };
    assert_eq!(wrong_numbers(&promise).len(), 2);
}

/// The links that a page gives its labels, and the text that uses them.
fn links(file: &str) -> (Vec<(String, String)>, String) {
    let text = read(file);
    let link = |line: &str| {
        let (label, target) = line.strip_prefix('[')?.split_once("]: ")?;
        Some((label.to_owned(), target.to_owned()))
    };
    (text.lines().filter_map(link).collect(), text)
}

/// The headings of a page, and of what it includes, as links name them.
fn anchors(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if let Some(included) = text.strip_prefix("{{#include ") {
        let path = included.split(['}', ':']).next().unwrap();
        return anchors(&file.parent().unwrap().join(path));
    }
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let slug = |heading: &str| heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    headings.map(slug).collect()
}

#[test]
fn links_lead_somewhere_from_both_places() {
    let (_, page) = links(PAGE);
    let used: BTreeSet<&str> =
        page.split("][").skip(1).filter_map(|rest| rest.split_once(']')).map(|(label, _)| label).collect();
    assert!(!page.contains("]("), "such a link cannot be right in both places");
    for file in [PAGE, IN_THE_BOOK] {
        let (links, text) = links(file);
        assert!(file == PAGE || text.starts_with("{{#include ../promises.md:page}}\n"), "{file}");
        assert_eq!(links.iter().map(|(label, _)| label.as_str()).collect::<BTreeSet<_>>(), used, "{file}");
        for (label, target) in links {
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = root().join(file).parent().unwrap().join(path);
            assert!(path.is_file(), "{file}: {label} leads to {target}");
            assert!(
                anchor.is_empty() || anchors(&path).iter().any(|known| known == anchor),
                "{file}: {target}"
            );
        }
    }
}
