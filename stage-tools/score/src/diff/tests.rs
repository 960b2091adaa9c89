use proptest::prelude::*;

use super::*;

const NUMERIC: Compare = Compare::Numeric { absolute: 0.01, relative: 0.0 };

/// The difference as people draw it.
fn drawn(how: &Compare, expected: impl AsRef<[u8]>, actual: impl AsRef<[u8]>) -> String {
    let line = |line: DiffLine| {
        let sign = match line.side {
            DiffSide::Both => ' ',
            DiffSide::Expected => '-',
            DiffSide::Written => '+',
            DiffSide::Gap => '@',
        };
        format!("{sign}{}\n", line.text)
    };
    diff(how, expected.as_ref(), actual.as_ref()).into_iter().map(line).collect()
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

#[test]
fn a_changed_line_stands_in_its_context() {
    let expected = lines(0..12);
    let actual = expected.replace("line 6", "line six");
    insta::assert_snapshot!(drawn(&Compare::Exact, expected, actual), @r"
    @3 equal lines
     line 3
     line 4
     line 5
    -line 6
    +line six
     line 7
     line 8
     line 9
    @2 equal lines
    ");
}

#[test]
fn added_and_missing_lines_are_told_apart() {
    insta::assert_snapshot!(drawn(&Compare::Exact, "a\nb\nc\nd\n", "a\nc\nd\ne\n"), @r"
     a
    -b
     c
     d
    +e
    ");
    insta::assert_snapshot!(drawn(&Compare::Exact, "", "x \n\n"), @r"
    +x·
    +␤
    ");
    insta::assert_snapshot!(drawn(&Compare::Exact, "a b\n", ""), @"-a b");
}

#[test]
fn white_space_is_marked_where_it_is_the_only_difference() {
    insta::assert_snapshot!(drawn(&Compare::Exact, "a b\n", "a b"), @r"
    -a·b␤
    +a·b
    ");
    insta::assert_snapshot!(drawn(&Compare::Exact, "a b\nc d\n", "a\tb\nc d\r\n"), @r"
    -a·b␤
    -c·d␤
    +a→b␤
    +c·d␍␤
    ");
    insta::assert_snapshot!(drawn(&Compare::Trimmed, "a b\n", "a  b  "), @r"
    -a·b
    +a··b
    ");
}

#[test]
fn elsewhere_only_blanks_at_line_ends_are_marked() {
    insta::assert_snapshot!(drawn(&Compare::Exact, "x y \na b\n", "x y \na c \t\r\n"), @r"
     x y 
    -a b
    +a c·→␍
    ");
}

#[test]
fn what_the_comparison_accepts_is_no_difference() {
    assert_eq!(diff(&Compare::Trimmed, b"a\nb\n", b"a \r\nb"), []);
    assert_eq!(diff(&Compare::Tokens, b"a b\n", b"a\n\nb"), []);
    assert_eq!(diff(&NUMERIC, b"1.00 2", b"1.001\n2"), []);
    assert_eq!(diff(&Compare::Regex, b"a+", b"b"), []);
    insta::assert_snapshot!(drawn(&Compare::Trimmed, "a\nb\nc\n", "a \nx\nc"), @r"
     a
    -b
    +x
     c
    ");
    insta::assert_snapshot!(drawn(&NUMERIC, "n\n1.00\n2\n3\n", "n\n\n2.5\n2.001\n3\n"), @r"
     n
    -1.00
    +2.5
     2.001
     3
    ");
}

#[test]
fn a_difference_far_inside_a_line_is_shown() {
    let long = "é".repeat(1_000);
    let text = drawn(&Compare::Exact, format!("{long}a\n"), format!("{long}b\n"));
    let lead = "é".repeat(20);
    assert_eq!(text, format!("-[… 1960 bytes left out]{lead}a\n+[… 1960 bytes left out]{lead}b\n"));
}

#[test]
fn hostile_bytes_are_made_visible() {
    assert_eq!(
        drawn(&Compare::Exact, "a\n", b"\x1b[2J\xff\xe2\x80\xae\ra\n"),
        "-a\n+\\x1b[2J\\xff\\u{202e}\\ra\n"
    );
}

#[test]
fn long_differences_are_cut_and_counted() {
    let found = diff(&Compare::Exact, lines(0..100).as_bytes(), lines(1_000..1_100).as_bytes());
    assert_eq!(found.len(), MAX_LINES + 1);
    assert_eq!(found.last().unwrap().text, "140 more lines, not shown");

    let expected = lines(0..200_000);
    let actual = format!("first\n{expected}");
    insta::assert_snapshot!(drawn(&Compare::Exact, expected, actual), @r"
    +first
     line 0
     line 1
     line 2
    @399994 more lines, not shown
    ");
}

#[test]
fn huge_hostile_outputs_do_not_blow_up() {
    let newlines = vec![b'\n'; 5_000_000];
    let one_line = vec![b'x'; 5_000_000];
    let alternating: Vec<u8> =
        (0..1_000_000_u32).flat_map(|n| [b'a' + (n % 7 % 3).to_le_bytes()[0], b'\n']).collect();
    for how in [Compare::Exact, Compare::Trimmed, Compare::Tokens, NUMERIC] {
        for actual in [&newlines, &one_line, &alternating] {
            let found = diff(&how, b"a\nb\n", actual);
            assert!(!found.is_empty() && found.len() <= MAX_LINES + 1);
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ab1]{0,3}",
        4 => Just("\n".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just(" ".to_owned()),
        1 => Just("1.001".to_owned()),
        1 => (0_usize..30).prop_map(|n| "z\n".repeat(n)),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn there_is_a_difference_exactly_where_texts_are_not_equal(a in text(), b in text()) {
        for how in [Compare::Exact, Compare::Trimmed, Compare::Tokens, NUMERIC] {
            let equal = compare(&how, a.as_bytes(), b.as_bytes()).unwrap();
            let found = diff(&how, a.as_bytes(), b.as_bytes());
            prop_assert_eq!(equal, found.is_empty());
            let differs = |line: &DiffLine| matches!(line.side, DiffSide::Expected | DiffSide::Written);
            prop_assert_eq!(!equal, found.iter().any(differs));
        }
    }

    #[test]
    fn every_line_is_counted_once(a in text(), b in text()) {
        let found = diff(&Compare::Exact, a.as_bytes(), b.as_bytes());
        prop_assume!(!found.is_empty() && found.len() <= MAX_LINES);
        let gaps: usize = found
            .iter()
            .filter(|line| line.side == DiffSide::Gap)
            .map(|line| line.text.split(' ').next().unwrap().parse::<usize>().unwrap())
            .sum();
        let of = |sides: [DiffSide; 2]| found.iter().filter(|line| sides.contains(&line.side)).count();
        prop_assert_eq!(gaps + of([DiffSide::Both, DiffSide::Expected]), a.lines().count());
        prop_assert_eq!(gaps + of([DiffSide::Both, DiffSide::Written]), b.lines().count());
    }

    #[test]
    fn lines_are_safe_and_short(a in any::<Vec<u8>>(), b in any::<Vec<u8>>()) {
        for line in diff(&Compare::Exact, &a, &b) {
            prop_assert!(line.text.chars().all(|c| c == '\t' || !c.is_control()));
            prop_assert!(line.text.chars().count() <= MAX_WIDTH + 100);
        }
    }
}
