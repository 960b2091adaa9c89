//! Results of every kind, for golden pages and for the browser.

use assay_contract::answers::Mode;
use assay_contract::outcome::Usage;
use assay_contract::result::{
    BuildResult, Conclusion, DiffLine, DiffSide, Evidence, Hidden, StudentCase, StudentResult,
};
use assay_contract::{API_VERSION, AssignmentId, Digest, Fault, JobId, Limits, Points, StudentId, Verdict};
use assay_page::{Delivery, page};

const LIMITS: Limits = Limits {
    cpu_ms: 1_000,
    wall_ms: 3_000,
    memory_bytes: 64 << 20,
    processes: 1,
    output_bytes: 1 << 20,
    disk_bytes: 1 << 20,
};

const USAGE: Usage = Usage { cpu_ms: 12, wall_ms: 15, memory_bytes: (2 << 20) + 800_000 };

pub(crate) fn points(text: &str) -> Points {
    text.parse().unwrap()
}

/// A result that holds no case yet.
pub(crate) fn result(verdict: Verdict, fault: Option<Fault>, reason: &str) -> StudentResult {
    StudentResult {
        api_version: API_VERSION.into(),
        conclusion: Conclusion {
            job: JobId::new("wordcount-k3x9").unwrap(),
            assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
            title: "Word count".into(),
            revision: Digest::new("a1".repeat(32)).unwrap(),
            student: StudentId::new("ada").unwrap(),
            digest: Digest::new("b2".repeat(32)).unwrap(),
            mode: Mode::Sealed,
            handed_in: "2026-03-16T12:59:00Z".into(),
            late_seconds: 0,
            penalty_basis_points: 0,
            verdict,
            fault,
            reason: reason.into(),
            points: Points::ZERO,
            max_points: Points::ZERO,
        },
        build: Some(BuildResult {
            passed: true,
            reason: String::new(),
            log: "gcc -std=c17 -Wall -O2 -o wc wc.c\n".into(),
            measured: Usage { cpu_ms: 310, wall_ms: 420, memory_bytes: 31 << 20 },
        }),
        cases: Vec::new(),
        hidden: Hidden::default(),
    }
}

/// With these cases, and the marks that follow from them.
pub(crate) fn with(mut result: StudentResult, cases: Vec<StudentCase>) -> StudentResult {
    let conclusion = &mut result.conclusion;
    let earned: Points = cases.iter().map(|case| case.points).sum();
    conclusion.points = earned.reduced_by(conclusion.penalty_basis_points);
    conclusion.max_points = cases.iter().map(|case| case.max_points).sum();
    result.cases = cases;
    result
}

/// A case that passed.
pub(crate) fn case(name: &str) -> StudentCase {
    StudentCase {
        name: name.into(),
        group: None,
        verdict: Verdict::Passed,
        fault: None,
        points: points("2"),
        max_points: points("2"),
        reason: String::new(),
        limits: LIMITS,
        measured: USAGE,
        evidence: Some(Evidence {
            args: vec!["-l".into()],
            stdin: "six by nine\n".into(),
            stdout: "42\n".into(),
            ..Evidence::default()
        }),
    }
}

/// A case that did not.
fn failed(name: &str, verdict: Verdict, reason: &str) -> StudentCase {
    StudentCase {
        verdict,
        fault: Some(Fault::Student),
        points: Points::ZERO,
        reason: reason.into(),
        ..case(name)
    }
}

/// A case of which the verdict alone is shown.
fn verdict_alone(case: StudentCase) -> StudentCase {
    StudentCase { measured: Usage::default(), evidence: None, ..case }
}

fn line(side: DiffSide, text: &str) -> DiffLine {
    DiffLine { side, text: text.into() }
}

fn all_passed() -> StudentResult {
    with(result(Verdict::Passed, None, ""), vec![case("empty file"), case("lines only"), case("a poem")])
}

fn failed_cases() -> StudentResult {
    let mut blanks = failed("a poem", Verdict::WrongOutput, "its output is not the expected one");
    blanks.evidence = Some(Evidence {
        args: vec!["-l".into(), "".into(), "a file with blanks.txt".into()],
        stdin: "roses\tare red\nviolets are blue".into(),
        stdout: "lines\t2\nwords 7 \n".into(),
        stderr: "wc: 2 lines read\n".into(),
        diff: vec![
            line(DiffSide::Gap, "12 equal lines"),
            line(DiffSide::Both, "lines\t2"),
            line(DiffSide::Expected, "words·6␤"),
            line(DiffSide::Written, "words·7·␤"),
            line(DiffSide::Written, "\\x1b[31mred[… 1200 bytes left out]"),
        ],
    });
    let mut crash =
        failed("no file", Verdict::Crashed, "it was ended by SIGSEGV (a memory access that is not allowed)");
    crash.group = Some("files".into());
    crash.evidence = Some(Evidence { args: vec!["missing.txt".into()], ..Evidence::default() });
    let mut slow = failed("a long file", Verdict::TimeLimit, "it used more CPU time than allowed");
    slow.group = Some("files".into());
    slow.measured.cpu_ms = 1_004;
    let hidden =
        verdict_alone(failed("another file", Verdict::WrongOutput, "its output is not the expected one"));
    let suspect = verdict_alone(failed(
        "a last file",
        Verdict::Suspect,
        "what it left contradicts itself; the course staff must look at it",
    ));
    let authors = StudentCase {
        fault: Some(Fault::Author),
        ..failed("no answer", Verdict::NotRun, "its expected output cannot be used")
    };
    let cases = vec![case("empty file"), blanks, crash, slow, hidden, suspect, authors];
    with(result(Verdict::WrongOutput, Some(Fault::Student), ""), cases)
}

/// No case ran, for one reason.
fn stopped(result: StudentResult) -> StudentResult {
    let Conclusion { verdict, fault, .. } = result.conclusion;
    let stopped = |name: &str| StudentCase {
        verdict: Verdict::NotRun,
        fault,
        points: Points::ZERO,
        reason: "it did not run".into(),
        measured: Usage::default(),
        evidence: (verdict == Verdict::BuildFailed).then(Evidence::default),
        ..case(name)
    };
    with(result, vec![stopped("empty file"), stopped("lines only")])
}

fn build_failed() -> StudentResult {
    let reason = "the build ended with status 1";
    let mut result = result(Verdict::BuildFailed, Some(Fault::Student), reason);
    result.build = Some(BuildResult {
        passed: false,
        reason: reason.into(),
        log: "wc.c: In function ‘main’:\nwc.c:7:19: error: expected ‘;’ before ‘}’ token\n    7 | \treturn lines\n      | \t            ^\n"
            .into(),
        measured: USAGE,
    });
    stopped(result)
}

fn refused() -> StudentResult {
    let reason = "the submission was refused: file-not-allowed";
    StudentResult { build: None, ..stopped(result(Verdict::Refused, Some(Fault::Student), reason)) }
}

fn system() -> StudentResult {
    let reason = "the submission could not be set up for grading; this is not your fault";
    StudentResult { build: None, ..stopped(result(Verdict::NotRun, Some(Fault::System), reason)) }
}

/// Without any document of Results.
fn ungraded() -> StudentResult {
    let mut result = result(Verdict::NotRun, Some(Fault::System), "your submission could not be graded");
    result.conclusion.title = String::new();
    StudentResult { build: None, ..result }
}

fn hidden() -> StudentResult {
    let mut result = with(result(Verdict::Passed, None, ""), vec![case("empty file")]);
    result.hidden = Hidden { cases: 7, max_points: points("6.5"), shown_from_due: 5 };
    result
}

fn nothing_shown() -> StudentResult {
    let reason = "none of the cases is shown yet, so this says nothing about your marks";
    let mut result = result(Verdict::Passed, None, reason);
    result.hidden = Hidden { cases: 1, max_points: points("1"), shown_from_due: 1 };
    result
}

fn late() -> StudentResult {
    let mut result = result(Verdict::Passed, None, "");
    result.conclusion.late_seconds = 90_061;
    result.conclusion.penalty_basis_points = 2_000;
    with(result, vec![case("empty file"), case("lines only")])
}

/// Text that tries everything at once.
pub(crate) const HOSTILE: &str = "</code></script><script>alert(1)</script><img src=x onerror=alert(1)>&lt;&#0;\u{202e}txt.exe\u{2066}\u{200b}\
    \u{0}\u{1b}[2J\r\u{85}\u{2028}]]>--><!--{{ 7*7 }}{% raw %}\"'`=javascript:alert(1)";

fn hostile() -> StudentResult {
    let zalgo = format!("Z{}a{}", "\u{316}\u{301}".repeat(200), "\u{489}".repeat(300));
    let text = format!(
        "{HOSTILE}\n\u{301}{zalgo}\n\t\u{feff}שלום עולם مرحبا\n{}\n\u{fdfd}{}",
        "x".repeat(3_000),
        "\u{12031}".repeat(40)
    );
    let name = format!("{HOSTILE}{zalgo}\n\t");
    let mut result = result(Verdict::Crashed, Some(Fault::Student), &text);
    result.api_version = HOSTILE.into();
    result.conclusion.title = format!("{name}{}", "W".repeat(5_000));
    result.conclusion.handed_in = HOSTILE.into();
    result.conclusion.late_seconds = u64::MAX;
    result.conclusion.penalty_basis_points = u32::MAX;
    result.build =
        Some(BuildResult { passed: true, reason: text.clone(), log: text.clone(), measured: USAGE });
    let mut bad = failed(&name, Verdict::Crashed, &text);
    bad.group = Some(name.clone());
    bad.limits = Limits {
        cpu_ms: u64::MAX,
        wall_ms: u64::MAX,
        memory_bytes: u64::MAX,
        processes: u32::MAX,
        output_bytes: u64::MAX,
        disk_bytes: u64::MAX,
    };
    bad.measured = Usage { cpu_ms: u64::MAX, wall_ms: u64::MAX, memory_bytes: u64::MAX };
    bad.evidence = Some(Evidence {
        args: vec![text.clone(), String::new(), HOSTILE.into()],
        stdin: text.clone(),
        stdout: text.clone(),
        stderr: text.clone(),
        diff: vec![
            line(DiffSide::Both, &text),
            line(DiffSide::Expected, &name),
            line(DiffSide::Written, HOSTILE),
            line(DiffSide::Gap, HOSTILE),
        ],
    });
    let mut blank = failed(" \u{3000}\u{a0}\u{2800}", Verdict::WrongOutput, "");
    blank.group = Some(String::new());
    with(result, vec![bad, blank])
}

/// Lines of 10 MB where only short ones can come from.
pub(crate) fn long_line() -> String {
    let line = "x".repeat(10_000_000);
    let mut result = hostile();
    result.conclusion.title = line.clone();
    result.conclusion.reason = line.clone();
    let mut case = failed(&line, Verdict::WrongOutput, &line);
    case.group = Some(line.clone());
    case.evidence = Some(Evidence {
        args: vec![line.clone()],
        stdin: line.clone(),
        stdout: line.clone(),
        stderr: line.clone(),
        diff: vec![self::line(DiffSide::Written, &line)],
    });
    page(&with(result, vec![case]), Delivery { refusal: Some(&line), received: true, document: true })
}

/// As many cases, each with as much to show as such a result may have.
pub(crate) fn many(cases: usize, text: usize) -> String {
    let case = |number: usize| {
        let mut case =
            failed(&format!("case {number}"), Verdict::WrongOutput, "its output is not the expected one");
        let text = "0123456789abcde\n".repeat(text / 16);
        case.evidence = Some(Evidence {
            args: Vec::new(),
            stdin: text.clone(),
            stdout: text.clone(),
            stderr: text,
            diff: vec![line(DiffSide::Expected, "42"), line(DiffSide::Written, "43")],
        });
        case
    };
    let result = result(Verdict::WrongOutput, Some(Fault::Student), "");
    page(&with(result, (0..cases).map(case).collect()), Delivery::default())
}

/// All pages that are kept, by name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let told = Delivery { refusal: None, received: true, document: true };
    let of = |result: StudentResult| page(&result, told);
    let refusal = Some("`notes.txt` cannot be handed in; allowed are *.c, *.h");
    vec![
        ("passed", of(all_passed())),
        ("failed", of(failed_cases())),
        ("build-failed", of(build_failed())),
        ("refused", page(&refused(), Delivery { refusal, received: true, document: true })),
        ("system", of(system())),
        ("ungraded", page(&ungraded(), Delivery::default())),
        ("hidden", of(hidden())),
        ("nothing-shown", of(nothing_shown())),
        ("late", of(late())),
        ("hostile", page(&hostile(), Delivery { refusal: Some(HOSTILE), received: true, document: true })),
    ]
}
