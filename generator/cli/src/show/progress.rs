//! Progress on a terminal while a job runs; silent elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use assay_contract::Stage;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::inert;

/// The line that says which stage and which case is running.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A progress line titled `title`; hidden if standard error is no terminal.
    pub(crate) fn new(title: &str) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(0), target());
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_prefix(inert(title));
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// A stage began.
    pub(crate) fn stage(&self, stage: Stage) {
        self.0.set_message(stage.id());
    }

    /// The stage said something, for instance which case it runs.
    pub(crate) fn said(&self, stage: Stage, line: &str) {
        if let Some(case) = line.strip_prefix("case ") {
            let case: String =
                case.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').take(40).collect();
            self.0.set_message(format!("{stage}, case {case}"));
        }
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// The bar that says how much of a submission is packed.
pub(crate) struct Packing(ProgressBar);

impl Packing {
    /// A bar up to `bytes`; hidden if standard error is no terminal.
    pub(crate) fn new(bytes: u64) -> Packing {
        let bar = ProgressBar::with_draw_target(Some(bytes), target());
        let style = ProgressStyle::with_template("packing {bar:30} {bytes} of {total_bytes}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Packing(bar)
    }

    /// More bytes were read.
    pub(crate) fn read(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
