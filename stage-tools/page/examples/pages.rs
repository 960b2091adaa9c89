//! Writes the pages that a browser is to look at into a folder: those of `tests/pages/golden`, and those that are too large to keep.

use std::path::PathBuf;
use std::{env, fs, io};

#[path = "../tests/pages/samples.rs"]
mod samples;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: pages FOLDER"))?);
    let large = [("long-line", samples::long_line()), ("many-cases", samples::many(3_000, 400))];
    for (name, page) in samples::pages().into_iter().chain(large) {
        fs::write(folder.join(format!("{name}.html")), page)?;
    }
    Ok(())
}
