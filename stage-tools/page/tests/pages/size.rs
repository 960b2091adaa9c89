//! However much a document holds, its page is bounded and says what is missing.

use assay_contract::result::Evidence;
use assay_contract::{Fault, Verdict};
use assay_page::{Delivery, MAX_CASES, MAX_TEXT, page};

use crate::samples;

/// No page is larger, whatever its document holds.
const MAX_PAGE: usize = 32 << 20;

#[test]
fn a_page_of_many_cases_with_much_output_is_whole() {
    // As much as Results ever shows: 4 MiB for 2,000 cases.
    let page = samples::many(2_000, 688);
    assert!(!page.contains("left out of this page"));
    assert!(page.len() < MAX_PAGE / 4, "{}", page.len());
}

#[test]
fn lines_of_ten_million_characters_make_a_small_page() {
    let page = samples::long_line();
    assert!(page.contains("[… 9999000 bytes left out]"));
    assert!(page.len() < 64 << 10, "{}", page.len());
}

#[test]
fn what_does_not_fit_is_counted() {
    // The worst: every character needs five others.
    let text = "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\n".repeat(60);
    let name = "\u{1d173}".repeat(400);
    let mut case = samples::case(&name);
    case.group = Some(name.clone());
    case.reason = name.clone();
    case.verdict = Verdict::Suspect;
    case.evidence = Some(Evidence {
        args: vec![text.clone(); 3],
        stdin: text.clone(),
        stdout: text.clone(),
        stderr: text,
        diff: Vec::new(),
    });
    let result = samples::result(Verdict::Suspect, Some(Fault::System), &name);
    let page = page(&samples::with(result, vec![case; MAX_CASES + 1_000]), Delivery::default());
    assert!(
        page.contains(" more are left out of it.") && page.contains("bytes more are left out of this page")
    );
    assert!(page.len() > MAX_TEXT && page.len() < MAX_PAGE, "{}", page.len());
}
