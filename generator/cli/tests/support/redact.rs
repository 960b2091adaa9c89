//! What differs from run to run and from machine to machine, replaced by words of the same width.

use std::sync::LazyLock;

use regex::{Captures, Regex};

static MEASURED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"( *)\b\d+(\.\d)? (ms|s|MiB)\b").unwrap());
/// The limits that `record` proposes.
static PROPOSED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{cpu: \w+, memory: \w+\}").unwrap());
static REVISION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(revision |-)[0-9a-f]{8}\b").unwrap());
static DIGEST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9a-f]{64}\b").unwrap());
/// A job of the queue server's: nobody can guess it.
static JOB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bq-[a-z2-7]{32}\b").unwrap());
/// A time of day, and a rough one; those of documents are of another form.
static TIME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\b").unwrap());
static ABOUT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\babout (\d{4}-\d\d-\d\d )?\d\d:\d\d\b").unwrap());
/// When something was handed in and is expected, in documents of the queue server's.
static TIMES_JSON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"("(?:handed[-_]in|at|earliest|latest)": ")[0-9TZ:-]+""#).unwrap()
});
/// A fresh folder.
static FRESH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"/tmp/\.tmp\w+").unwrap());
/// What `--output json` says under `measured`.
static MEASURED_JSON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"("(?:cpu-ms|wall-ms|memory-bytes|cpu_ms|memory_bytes|landlock_abi)": )\d+"#).unwrap()
});
static STAGES_JSON: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?s)("(?:measured_stages|lacks)": )\[[^\]]*\]"#).unwrap());

/// The text without what was measured, without digests, and without what this machine lacks.
pub(crate) fn redact(text: &str) -> String {
    let text = MEASURED.replace_all(text, |found: &Captures<'_>| {
        let value = format!("# {}", &found[3]);
        // Columns stay where they are; elsewhere the width of a number means nothing.
        if found[1].len() > 1 {
            format!("{value:>width$}", width = found[0].len())
        } else {
            format!("{}{value}", &found[1])
        }
    });
    let text = PROPOSED.replace_all(&text, "{cpu: #, memory: #}");
    let text = REVISION.replace_all(&text, "$1########");
    let text = DIGEST.replace_all(&text, "[sha256]");
    let text = MEASURED_JSON.replace_all(&text, "${1}0");
    let text = STAGES_JSON.replace_all(&text, "$1[]");
    let text = JOB.replace_all(&text, "q-[job]");
    let text = TIME.replace_all(&text, "hh:mm:ss");
    let text = ABOUT.replace_all(&text, "about hh:mm");
    let text = TIMES_JSON.replace_all(&text, "${1}[time]\"");
    let text = FRESH.replace_all(&text, "~");
    text.lines().filter(|line| !is_of_this_machine(line)).map(|line| format!("{line}\n")).collect()
}

/// Whether a line says something of the machine that the next one may not have.
pub(crate) fn is_of_this_machine(line: &str) -> bool {
    line.starts_with("not to be had here:")
}
