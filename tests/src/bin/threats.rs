//! Prints a line for each threat: its id, where it was tried last in this target folder, and how that ended.

fn main() {
    print(&assay_tests::threats::summary());
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn print(text: &str) {
    print!("{text}");
}
