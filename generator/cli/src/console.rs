//! Where everything is printed: data on standard output, all else on standard error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::args::{ColorChoice, Format, Global};
use crate::error::CliError;

/// The two streams and how to write on them.
pub(crate) struct Console {
    format: Format,
    color: ColorChoice,
}

impl Console {
    /// Sets the streams up as the command line says.
    pub(crate) fn new(global: &Global) -> Console {
        let choice = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Console { format: global.output, color: global.color }
    }

    /// Whether a program reads along.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether text on standard error is coloured; asked by libraries that style by themselves.
    pub(crate) fn colors_errors(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        }
    }

    /// Prints data as text or, for programs, as JSON.
    pub(crate) fn data<T: Serialize>(&self, json: &T, text: impl FnOnce() -> String) -> Result<(), CliError> {
        if self.is_json() { self.json(json) } else { self.text(&text()) }
    }

    /// Prints JSON data.
    pub(crate) fn json<T: Serialize>(&self, value: &T) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value).map_err(CliError::bug)?;
        self.text(&format!("{text}\n"))
    }

    /// Prints text data as it is.
    pub(crate) fn text(&self, text: &str) -> Result<(), CliError> {
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // Whoever read has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(CliError::io("cannot write to standard output", error)),
            Ok(()) => Ok(()),
        }
    }

    /// Says something to the person who watches.
    pub(crate) fn note(&self, text: &str) {
        // There is nowhere to report a standard error that is closed.
        let _closed = writeln!(anstream::stderr().lock(), "{}", text.trim_end());
    }
}

/// Text that a terminal shows and does not obey, for what others named: a student chose the names in a submission.
pub(crate) fn inert(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\t' | '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}
