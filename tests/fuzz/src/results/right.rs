//! Whether an output is right, written down a second time: short and slow, where the product's is long and linear.

use assay_contract::answers::Compare;

/// Whether `written` is right. Of numbers a little more is taken for right than is: they are rounded here.
pub(super) fn is_right(how: &Compare, expected: &[u8], written: &[u8]) -> bool {
    match how {
        Compare::Exact => expected == written,
        Compare::Trimmed => lines(expected) == lines(written),
        Compare::Tokens => words(expected) == words(written),
        Compare::Numeric { absolute, relative } => {
            let (expected, written) = (words(expected), words(written));
            expected.len() == written.len()
                && expected.iter().zip(written).all(|(a, b)| *a == b || is_near(a, b, *absolute, *relative))
        }
        // Only patterns for exactly one text are made here.
        Compare::Regex => {
            let pattern = std::str::from_utf8(expected).unwrap();
            let pattern =
                pattern.strip_suffix('\n').map_or(pattern, |rest| rest.strip_suffix('\r').unwrap_or(rest));
            let without_end = written.strip_suffix(b"\n").unwrap_or(written);
            [written, without_end]
                .into_iter()
                .any(|text| std::str::from_utf8(text).is_ok_and(|text| regex::escape(text) == pattern))
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn words(text: &[u8]) -> Vec<&[u8]> {
    text.split(|byte| is_space(*byte)).filter(|word| !word.is_empty()).collect()
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    for line in &mut lines {
        while let Some((last, rest)) = line.split_last()
            && is_space(*last)
        {
            *line = rest;
        }
    }
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn is_near(expected: &[u8], written: &[u8], absolute: f64, relative: f64) -> bool {
    let number = |word: &[u8]| {
        let decimal = word.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
        std::str::from_utf8(word)
            .ok()
            .filter(|_| decimal)?
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    let (Some(a), Some(b)) = (number(expected), number(written)) else { return false };
    let tolerance = absolute.max(relative * a.abs()) * (1.0 + 1e-9);
    (a - b).abs() <= tolerance + 4.0 * f64::EPSILON * a.abs().max(b.abs())
}
