//! Whatever texts a result holds, its page has the elements that the template gives it, and the texts as texts.

use assay_contract::outcome::Usage;
use assay_contract::result::{BuildResult, DiffLine, DiffSide, Evidence, StudentResult};
use assay_contract::{Fault, Verdict};
use assay_page::{Delivery, page};
use assay_score::safe_text::push_char;
use data_encoding::BASE64;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::dom::{Dom, Element};
use crate::samples::{self, HOSTILE};

/// Every text of a result, and of what is delivered with it.
type Texts = [String; 16];

fn result(texts: &Texts) -> StudentResult {
    let [
        version,
        title,
        handed_in,
        reason,
        build,
        log,
        name,
        group,
        why,
        arg,
        stdin,
        stdout,
        stderr,
        one,
        two,
        _,
    ] = texts.clone();
    let mut result = samples::result(Verdict::Crashed, Some(Fault::Student), &reason);
    result.api_version = version;
    result.conclusion.title = title;
    result.conclusion.handed_in = handed_in;
    result.build = Some(BuildResult { passed: false, reason: build, log, measured: Usage::default() });
    let mut case = samples::case(&name);
    case.group = Some(group);
    case.reason = why;
    let line = |side, text| DiffLine { side, text };
    let diff = vec![line(DiffSide::Written, one), line(DiffSide::Gap, two)];
    case.evidence = Some(Evidence { args: vec![arg], stdin, stdout, stderr, diff });
    samples::with(result, vec![case])
}

fn page_of(texts: &Texts) -> String {
    page(&result(texts), Delivery { refusal: Some(&texts[15]), received: true, document: true })
}

/// Text that has what decides on elements, and nothing else, in common with `text`.
fn harmless(text: &str) -> String {
    match text.trim() {
        "" if text.is_empty() => String::new(),
        _ if text.ends_with('\n') => "x\n".to_owned(),
        "" => " ".to_owned(),
        _ => "x".to_owned(),
    }
}

/// Everything of a page but its texts.
fn skeleton(dom: &Dom) -> Vec<(String, Vec<(String, String)>)> {
    let is_tab = |element: &&Element| element.attribute("class") != Some("tab");
    dom.elements
        .iter()
        .filter(is_tab)
        .map(|element| (element.name.clone(), element.attributes.clone()))
        .collect()
}

/// How a text is shown where nothing is cut.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    text.chars().for_each(|c| push_char(&mut shown, c));
    shown
}

/// Text of at most some hundred characters. Marks on letters are for the unit tests of `escape`.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        Just(HOSTILE.to_owned()),
        prop::sample::select(vec![
            "<", ">", "&", "\"", "'", "</title>", "</style>", "<!--", "]]>", "&lt", "\n", "\t", "\0", "{{",
            "x"
        ])
        .prop_map(str::to_owned),
        (0_u32..0x11_0000).prop_filter_map("a character", char::from_u32).prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..4)
        .prop_map(|pieces| pieces.concat())
        .prop_map(|text| text.chars().filter(|c| !is_mark(*c)).take(250).collect())
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_text_is_markup_and_every_text_is_there(texts in prop::array::uniform16(text())) {
        let page = page_of(&texts);
        let dom = Dom::read(&page);
        prop_assert!(dom.errors.is_empty(), "{:?}", dom.errors);
        prop_assert_eq!(dom.others, 0);
        let plain = Dom::read(&page_of(&texts.clone().map(|text| harmless(&text))));
        prop_assert_eq!(skeleton(&dom), skeleton(&plain));

        let [_, _, _, _, _, log, _, _, _, _, stdin, stdout, stderr, one, two, _] = &texts;
        let texts = [log, stdin, stdout, stderr].map(|text| shown(text));
        let blocks: Vec<&str> = dom.all("pre").map(|pre| pre.text.as_str()).collect();
        let expected: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(&blocks[..blocks.len() - 1], &expected[..]);
        let cells: Vec<&str> = dom.all("td").map(|cell| cell.text.as_str()).collect();
        prop_assert!(cells.contains(&shown(one).as_str()) && cells.contains(&shown(two).as_str()));
    }

    #[test]
    fn names_and_sentences_are_there(texts in prop::array::uniform16(text())) {
        let dom = Dom::read(&page_of(&texts));
        let [version, title, handed_in, _, _, _, name, group, _, arg, ..] = &texts;
        let line = |text: &str| shown(&text.replace('\n', "\\n").replace('\t', "\\t"));
        let names: Vec<&str> = dom.all("bdi").map(|bdi| bdi.text.as_str()).collect();
        for text in [handed_in, name, group] {
            prop_assert!(names.contains(&line(text).as_str()), "{text:?}: {names:?}");
        }
        if !title.trim().is_empty() {
            prop_assert!(names.contains(&line(title).as_str()));
        }
        let body = &dom.all("body").next().unwrap().text;
        prop_assert!(body.contains(&shown(version)) && body.contains(&line(arg)));
    }
}

#[test]
fn a_page_holds_nothing_that_runs_asks_or_leads_away() {
    let large = [samples::long_line(), samples::many(100, 400)];
    for page in samples::pages().into_iter().map(|(_, page)| page).chain(large) {
        let dom = Dom::read(&page);
        assert_eq!(dom.errors, Vec::<String>::new());
        for Element { name, attributes, text: _ } in &dom.elements {
            let known = "html head meta title style body header main section footer h1 h2 h3 h4 p dl div dt dd time strong span bdi \
                         details summary pre code table caption thead tbody tfoot tr th td a ol ul li";
            assert!(known.split_whitespace().any(|known| known == name), "{name}");
            for (attribute, value) in attributes {
                let known = "lang charset http-equiv content name class id aria-labelledby aria-hidden datetime scope dir open";
                let leads_nowhere = name == "a" && attribute == "href" && value.starts_with("#case-");
                assert!(
                    leads_nowhere || known.split_whitespace().any(|known| known == attribute),
                    "{name} {attribute}={value}"
                );
            }
        }
    }
}

#[test]
fn the_policy_allows_the_one_style_sheet_and_nothing_else() {
    let dom = Dom::read(&samples::pages()[0].1);
    let styles: Vec<&Element> = dom.all("style").collect();
    let [style] = styles[..] else { panic!("{} style sheets", styles.len()) };
    let hash = BASE64.encode(&Sha256::digest(&style.text));
    let policy =
        dom.all("meta").find(|meta| meta.attribute("http-equiv") == Some("Content-Security-Policy")).unwrap();
    let expected =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert_eq!(policy.attribute("content"), Some(expected.as_str()), "put the hash into STYLE_HASH");
    for outside in ["url(", "@import", "@font-face", "</"] {
        assert!(!style.text.contains(outside), "{outside}");
    }
}
