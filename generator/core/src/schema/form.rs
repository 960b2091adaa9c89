//! What `assignment.yaml` looks like, as types that the schema is derived from.

#![expect(
    dead_code,
    reason = "these types are read by the schema derive alone; no value of them is ever made"
)]

use std::collections::BTreeMap;

use schemars::JsonSchema;

// The derive takes lists of examples by name alone.
const REQUIRED: &[&str] = &["wc.c"];
const ALLOWED: &[&str] = &["*.c", "*.h"];
const ARGS: &[&str] = &["-l"];

/// An assignment: what students hand in, how it is built and tested, what it is worth.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Assignment {
    /// The version of this format.
    api_version: ApiVersion,
    /// `<course>/<name>`, of lower-case letters, digits and inner hyphens.
    #[schemars(
        regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$"),
        example = &"comp10002/wordcount"
    )]
    id: String,
    /// The title, one line, at most 200 characters.
    #[schemars(length(min = 1, max = 200), example = &"Word count")]
    title: Text,
    /// What the assignment is about, for students; several lines are fine.
    #[schemars(length(max = 10000))]
    description: Option<Text>,
    /// 32 to 128 random hexadecimal digits. They keep short answers from being guessed by the revision.
    #[schemars(example = &"0f1e2d3c4b5a69788796a5b4c3d2e1f0")]
    salt: Option<Text>,
    /// The image in which submissions are built and tested, with a tag or a digest.
    #[schemars(example = &"registry.example.edu/hub/singleuser:2026.1")]
    image: String,
    /// How strongly builds and cases are kept apart from the cluster; as the operator has it unless given. The operator may
    /// make all jobs strict.
    isolation: Option<Isolation>,
    /// What may be handed in.
    submit: Submit,
    /// When submissions are taken; at any time unless given.
    schedule: Option<Schedule>,
    /// Files and folders of the author that are laid over every submission; they win over submitted files of the
    /// same name, and student code can read them.
    files: Option<Vec<Text>>,
    /// The build, if there is anything to build.
    build: Option<Build>,
    /// The cases.
    test: Test,
    /// Folders with submissions of the author's own, and what they must get.
    samples: Option<BTreeMap<String, SampleEntry>>,
}

/// The version of this format.
#[derive(JsonSchema)]
enum ApiVersion {
    #[schemars(rename = "assay.dev/v1")]
    V1,
}

/// A single value; numbers are taken as their text.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Text {
    Word(String),
    Number(f64),
    Truth(bool),
}

/// A duration: `500ms`, `20s`, `5m`, `2h`, `3 days`.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Duration(
    #[schemars(regex(pattern = r"^[0-9.]+ *[a-z]+( *[0-9.]+ *[a-z]+)*$"), example = &"20s")] String,
);

/// A size: a number of bytes, or `64Ki`, `1Mi`, `2 MB`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Size {
    Bytes(u64),
    WithUnit(
        #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,3})? *([kKmMgG]i?)?[bB]?$"), example = &"1Mi")] String,
    ),
}

/// Points: a number from 0 to 1000000 with at most three decimals.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Points(#[schemars(range(min = 0.0, max = 1_000_000.0), example = &6.25)] f64);

/// What may be handed in.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Submit {
    /// Files that must be there, as paths inside the submission; may be empty.
    #[schemars(example = REQUIRED)]
    required: Vec<Text>,
    /// Globs, one of which every file must match that is not required; `**` allows every file.
    #[schemars(length(min = 1), example = ALLOWED)]
    allowed: Vec<Text>,
    /// The largest zip.
    size: Size,
    /// The largest sum of the unpacked files; 16 times `size`, and at least 16Mi, unless given.
    unpacked: Option<Size>,
    /// The largest number of files; 256 unless given.
    #[schemars(range(min = 1, max = 100_000))]
    files: Option<u64>,
    /// How many graded attempts a student has; any number unless given.
    #[schemars(range(min = 1, max = 9999))]
    attempts: Option<u64>,
    /// The least time between two runs of one student. It delays a run and never refuses a hand-in.
    cooldown: Option<Duration>,
}

/// When submissions are taken.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Schedule {
    /// The time zone of the dates, by its IANA name.
    #[schemars(example = &"Australia/Melbourne")]
    zone: String,
    /// From when on submissions are taken.
    #[schemars(example = &"2026-03-02 09:00")]
    opens: Option<String>,
    /// Until when they are on time.
    #[schemars(example = &"2026-03-16 23:59")]
    due: Option<String>,
    /// What happens after `due`; without it, late submissions are refused.
    late: Option<Late>,
}

/// Late submissions.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Late {
    /// What is taken off for each period that has begun; nothing unless given.
    #[schemars(example = &"10% per day")]
    penalty: Option<String>,
    /// For how long after `due` they are taken.
    until: Duration,
}

/// The build, which runs once in a writable copy of the submission.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Build {
    /// What runs: a line of words, or a line for `/bin/sh` if it has shell syntax.
    #[schemars(example = &"gcc -std=c17 -Wall -O2 -o wc wc.c")]
    run: String,
    /// Environment variables.
    env: Option<BTreeMap<String, Text>>,
    /// What network it sees.
    network: Option<Network>,
    /// Its limits; 60s of CPU time, 1Gi of memory, 64 processes, 1Mi of log, 512Mi of disk unless given.
    limits: Option<Limits>,
}

/// How strongly builds and cases are kept apart from the cluster.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Isolation {
    /// Pods as Argo makes them, hardened.
    Standard,
    /// Bare pods with nothing of Argo in them; some seconds slower.
    Strict,
}

/// What network a program sees.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Network {
    /// No sockets at all.
    None,
    /// A loopback of its own; named in the receipt.
    Loopback,
}

/// What a build or a case may use; the first limit that is passed decides the verdict.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Limits {
    /// CPU time of all processes, from 10ms to 1h.
    cpu: Option<Duration>,
    /// Wall-clock time, from 10ms to 3h; three times the CPU time unless given.
    wall: Option<Duration>,
    /// Memory of all processes, from 4Mi to 64Gi.
    memory: Option<Size>,
    /// Processes alive at once, the first included.
    #[schemars(range(min = 1, max = 4096))]
    processes: Option<u64>,
    /// Bytes written to standard output, and as many to standard error; at most 64Mi.
    output: Option<Size>,
    /// Bytes that its directory may hold, from 64Ki to 16Gi.
    disk: Option<Size>,
}

/// The cases, and what holds for all of them.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Test {
    /// How submissions are tested: the program runs with inputs alone, its output is compared elsewhere.
    mode: Mode,
    /// What a case runs, unless it says otherwise.
    #[schemars(example = &"./wc")]
    run: Option<String>,
    /// Environment variables of every case.
    env: Option<BTreeMap<String, Text>>,
    /// What network the cases see.
    network: Option<Network>,
    /// Limits of each case; 2s of CPU time, 256Mi of memory, 16 processes, 1Mi of output, 64Mi of disk unless given.
    limits: Option<Limits>,
    /// How outputs are compared; `trimmed` unless given.
    compare: Option<Compare>,
    /// The expected exit status; 0 unless given.
    exit: Option<Exit>,
    /// What students see of a case; `verdict` unless given.
    show: Option<Show>,
    /// The cases in the order in which they run.
    #[schemars(length(min = 1))]
    cases: Vec<Case>,
}

/// How submissions are tested.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Mode {
    Sealed,
}

/// One case, or one for each of several files.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    /// The name of a single case, unique in the assignment.
    name: Option<Text>,
    /// The name of a group: its cases come from the files of `stdin` and are called `<group>/<part>`.
    group: Option<Text>,
    /// What runs, instead of `run` of `test`.
    run: Option<String>,
    /// Arguments, added to what runs.
    #[schemars(example = ARGS)]
    args: Option<Vec<Text>>,
    /// Standard input; empty unless given.
    stdin: Option<Source>,
    /// The expected standard output; any output unless given.
    stdout: Option<Source>,
    /// The expected exit status.
    exit: Option<Exit>,
    /// How the output is compared.
    compare: Option<Compare>,
    /// What it is worth; in a group, what all of its cases are worth together.
    points: Points,
    /// What students see of it.
    show: Option<Show>,
    /// From when on they see it; `start` unless given.
    from: Option<From>,
    /// Limits, where they differ from those of `test`.
    limits: Option<Limits>,
}

/// A text, a file or several files.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Source {
    /// The text itself.
    Inline(Text),
    /// A file.
    File(File),
    /// A case for each file that matches.
    Files(Files),
}

/// A file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct File {
    /// Its path, relative to `assignment.yaml`.
    #[schemars(example = &"poem.txt")]
    file: Text,
}

/// Several files.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Files {
    /// A folder and a name with one `*`; inputs and expected outputs are paired by what `*` matches.
    #[schemars(example = &"hidden/*.in")]
    files: Text,
}

/// How an output is compared with the expected one.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Compare {
    Word(CompareWord),
    Numeric(Numeric),
}

/// How an output is compared with the expected one.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum CompareWord {
    /// Byte by byte.
    Exact,
    /// Line by line, without blanks at line ends and empty lines at the end.
    Trimmed,
    /// Word by word.
    Tokens,
    /// The expected output is a regular expression for the whole output.
    Regex,
}

/// Word by word; words that are numbers may differ.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Numeric {
    /// By how much numbers may differ.
    numeric: Tolerance,
}

/// By how much numbers may differ; within either tolerance is enough.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tolerance {
    /// The largest difference; 0 unless given.
    #[schemars(range(min = 0.0), example = &1e-6)]
    absolute: Option<f64>,
    /// The largest difference relative to the expected number; 0 unless given.
    #[schemars(range(min = 0.0), example = &1e-9)]
    relative: Option<f64>,
}

/// An exit status, or `any`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Exit {
    Status(u8),
    Any(AnyExit),
}

/// Any exit status; a signal is still a crash.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum AnyExit {
    Any,
}

/// What students see of a case; each includes what stands before it.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Show {
    /// Only that there are such cases, and their points.
    Nothing,
    /// Name, verdict and points.
    Verdict,
    /// Also what the program wrote.
    Output,
    /// Also the input and the difference from the expected output.
    Diff,
}

/// From when on students see a case.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum From {
    /// At once.
    Start,
    /// From the due date on.
    Due,
}

/// What a sample must get.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum SampleEntry {
    Points(Points),
    Full(Sample),
}

/// What a sample must get.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Sample {
    /// Its points.
    points: Points,
    /// Its verdict.
    verdict: Option<Verdict>,
    /// The verdicts of some of its cases, by their names.
    cases: Option<BTreeMap<String, Verdict>>,
}

/// How a case or a job ends.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Verdict {
    Passed,
    WrongOutput,
    Crashed,
    TimeLimit,
    MemoryLimit,
    OutputLimit,
    ProcessLimit,
    BuildFailed,
    Refused,
    NotRun,
    Suspect,
}
