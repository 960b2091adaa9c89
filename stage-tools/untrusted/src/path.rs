//! Relative paths: those a caller gives us ([`Rel`]) and those a student wrote ([`SubmissionPath`]).
//!
//! A [`SubmissionPath`] means the same on every system and to every reader: it cannot climb, hide, or be taken for
//! another name. Nothing here touches the file system, and nothing is ever repaired: a bad name is refused.

use std::borrow::Borrow;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::str::FromStr;

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

use crate::Error;
use crate::escape::escaped;

/// A relative path without empty, `.` or `..` parts and without NUL; empty stands for the directory itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rel<'a>(&'a [u8]);

impl<'a> Rel<'a> {
    pub(crate) fn parse(path: &'a Path) -> Result<Rel<'a>, Error> {
        let bytes = path.as_os_str().as_bytes();
        let bad_part = |part: &[u8]| part.is_empty() || part == b"." || part == b"..";
        if !bytes.is_empty() && (bytes.contains(&0) || bytes.split(|&b| b == b'/').any(bad_part)) {
            return Err(Error::BadPath { path: escaped(bytes) });
        }
        Ok(Rel(bytes))
    }

    /// Like [`Rel::parse`], where a name is needed: its directory and its name.
    pub(crate) fn parse_name(path: &'a Path) -> Result<(Rel<'a>, &'a [u8]), Error> {
        let rel = Rel::parse(path)?;
        rel.split_last().ok_or(Error::BadPath { path: String::new() })
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn or_dot(self) -> &'a [u8] {
        if self.0.is_empty() { b"." } else { self.0 }
    }

    pub(crate) fn parts(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|&b| b == b'/').filter(|part| !part.is_empty())
    }

    pub(crate) fn split_last(self) -> Option<(Rel<'a>, &'a [u8])> {
        if self.0.is_empty() {
            return None;
        }
        let mut halves = self.0.rsplitn(2, |&b| b == b'/');
        let name = halves.next()?;
        Some((Rel(halves.next().unwrap_or_default()), name))
    }
}

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// No name at all.
    #[error("it is empty")]
    Empty,
    /// Starts at the root of a file system.
    #[error("it is absolute")]
    Absolute,
    /// Starts with a drive letter, as in `C:`.
    #[error("it starts with a drive letter")]
    Drive,
    /// Has a `.` or `..` part, or one that becomes so when characters are simplified.
    #[error("it has a part that is `.` or `..`")]
    Dots,
    /// Has two slashes in a row or one at the end.
    #[error("it has an empty part")]
    EmptyPart,
    /// Has a backslash, which some systems take for a slash.
    #[error("it has a backslash")]
    Backslash,
    /// Has a character that some readers turn into a slash or backslash.
    #[error("it has a character that can be taken for a slash")]
    DisguisedSlash,
    /// Has a control character.
    #[error("it has a control character")]
    Control,
    /// Has a character that cannot be seen or changes the direction of text.
    #[error("it has an invisible character or one that changes the direction of text")]
    Invisible,
    /// A part ends in a dot or a space, which some systems drop.
    #[error("a part of it ends in a dot or a space")]
    TrailingDotOrSpace,
    /// A part is the name of a device on Windows.
    #[error("a part of it is a device name on Windows, such as CON, NUL or COM1")]
    Device,
    /// A part has more than 255 bytes.
    #[error("a part of it has more than 255 bytes")]
    LongPart,
}

impl NameProblem {
    /// Whether the name could lead out of the place where it is unpacked.
    #[must_use]
    pub const fn leads_out(self) -> bool {
        match self {
            Self::Absolute | Self::Drive | Self::Dots | Self::Backslash | Self::DisguisedSlash => true,
            Self::Empty
            | Self::EmptyPart
            | Self::Control
            | Self::Invisible
            | Self::TrailingDotOrSpace
            | Self::Device
            | Self::LongPart => false,
        }
    }
}

/// A path inside a submission that follows the name rules; parts are separated by `/`.
///
/// Refused: absolute paths, drive letters, `.` and `..`, empty parts, backslashes, control characters, invisible
/// and direction-changing characters (everything Unicode calls default-ignorable), parts that end in a dot or a space,
/// device names of Windows, parts of more than 255 bytes. How long and how deep a path may be is a matter of budgets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubmissionPath(String);

impl SubmissionPath {
    /// Checks `path`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn new(path: impl Into<String>) -> Result<SubmissionPath, NameProblem> {
        SubmissionPath::with_folded(path).map(|(path, _)| path)
    }

    /// The same, and the path in the form in which names are compared, which has as many parts.
    pub(crate) fn with_folded(path: impl Into<String>) -> Result<(SubmissionPath, String), NameProblem> {
        let path = path.into();
        let folded = check(&path)?;
        Ok((SubmissionPath(path), folded))
    }

    /// The path, parts separated by `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts, from the outermost directory to the name.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// How many parts it has: 1 for a name without directories.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.parts().count()
    }

    /// Its last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }

    /// The directory it lies in; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<SubmissionPath> {
        self.0.rsplit_once('/').map(|(parent, _)| SubmissionPath(parent.to_owned()))
    }
}

/// What a part of a path is equal to on systems that ignore case, accents' encoding or width: Unicode's compatibility
/// caseless form (folded and normalised until it no longer changes), in NFKC.
#[must_use]
fn folded(part: &str) -> String {
    if part.is_ascii() {
        return part.to_ascii_lowercase();
    }
    part.chars().nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect()
}

/// Checks a path; gives its folded form.
fn check(path: &str) -> Result<String, NameProblem> {
    let mut letters = path.chars();
    match (letters.next(), letters.next()) {
        (None, _) => return Err(NameProblem::Empty),
        (Some('/'), _) => return Err(NameProblem::Absolute),
        (Some(letter), Some(':')) if letter.is_ascii_alphabetic() => return Err(NameProblem::Drive),
        _ => {}
    }
    for character in path.chars() {
        match character {
            '\\' => return Err(NameProblem::Backslash),
            _ if character.is_control() => return Err(NameProblem::Control),
            _ if is_invisible(character) => return Err(NameProblem::Invisible),
            _ => {}
        }
    }
    let parts: Vec<String> = path.split('/').map(check_part).collect::<Result<_, _>>()?;
    Ok(parts.join("/"))
}

/// Checks a part; gives its folded form, which has no slash.
fn check_part(part: &str) -> Result<String, NameProblem> {
    if part.is_empty() {
        return Err(NameProblem::EmptyPart);
    }
    let plain = folded(part);
    if matches!(part, "." | "..") || matches!(plain.as_str(), "." | "..") {
        return Err(NameProblem::Dots);
    }
    if plain.contains(['/', '\\']) {
        return Err(NameProblem::DisguisedSlash);
    }
    if part.len() > 255 {
        return Err(NameProblem::LongPart);
    }
    if part.ends_with(['.', ' ']) {
        return Err(NameProblem::TrailingDotOrSpace);
    }
    if is_device(&plain) {
        return Err(NameProblem::Device);
    }
    Ok(plain)
}

/// Whether Windows takes the folded name for a device, whatever extension it has. Superscript digits count there as
/// digits, and folding has turned them into digits already.
fn is_device(plain: &str) -> bool {
    let stem = plain.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let numbered = |prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") || numbered("com") || numbered("lpt")
}

/// Unicode's `Default_Ignorable_Code_Point`, line and paragraph separators, and the marks that change direction.
const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl FromStr for SubmissionPath {
    type Err = NameProblem;

    fn from_str(path: &str) -> Result<SubmissionPath, NameProblem> {
        SubmissionPath::new(path)
    }
}

impl fmt::Display for SubmissionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for SubmissionPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for SubmissionPath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl Borrow<str> for SubmissionPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_names_pass() {
        for path in [
            "wc.c",
            "src/main.rs",
            ".gitignore",
            "a/b/c/d.txt",
            "Grün/文件.txt",
            "with space.md",
            "..hidden",
            "...x",
            "a..b",
            "console.c",
            "com10.txt",
            "nullable",
            "12:30.txt",
            "-rf",
            "~",
            "$HOME",
        ] {
            assert_eq!(SubmissionPath::new(path).as_ref().map(SubmissionPath::as_str), Ok(path));
        }
    }

    #[test]
    fn each_rule_refuses() {
        use NameProblem as P;
        let long = "x".repeat(256);
        for (path, problem) in [
            ("", P::Empty),
            ("/etc/passwd", P::Absolute),
            ("//server/share", P::Absolute),
            ("C:/x", P::Drive),
            ("c:x", P::Drive),
            ("../x", P::Dots),
            ("a/../b", P::Dots),
            ("a/..", P::Dots),
            ("./x", P::Dots),
            ("a/./b", P::Dots),
            (".", P::Dots),
            ("a//b", P::EmptyPart),
            ("a/", P::EmptyPart),
            ("a\\b", P::Backslash),
            ("..\\x", P::Backslash),
            ("\u{2025}/x", P::Dots),
            ("\u{2024}\u{2024}/x", P::Dots),
            ("a\u{ff0f}b", P::DisguisedSlash),
            ("a\u{ff3c}b", P::DisguisedSlash),
            ("a\0b", P::Control),
            ("a\nb", P::Control),
            ("a\x1b[0m", P::Control),
            ("a\u{85}b", P::Control),
            ("a\u{7f}", P::Control),
            ("x\u{202e}cod.exe", P::Invisible),
            ("a\u{200b}b", P::Invisible),
            ("a\u{feff}", P::Invisible),
            ("a\u{2066}b", P::Invisible),
            ("a\u{e0041}", P::Invisible),
            ("a.", P::TrailingDotOrSpace),
            ("a /b", P::TrailingDotOrSpace),
            ("a../b", P::TrailingDotOrSpace),
            ("CON", P::Device),
            ("a/nul.txt", P::Device),
            ("Aux.c", P::Device),
            ("com1", P::Device),
            ("LPT9.tar.gz", P::Device),
            ("com\u{b9}", P::Device),
            ("con .txt", P::Device),
            ("\u{ff23}\u{ff2f}\u{ff2e}", P::Device),
            (long.as_str(), P::LongPart),
        ] {
            assert_eq!(SubmissionPath::new(path), Err(problem), "{path:?}");
        }
    }

    #[test]
    fn equal_on_other_systems_is_equal_here() {
        for (a, b) in [
            ("README", "readme"),
            ("é", "e\u{301}"),
            ("É", "e\u{301}"),
            ("ﬁle", "file"),
            ("Ａ", "a"),
            ("STRASSE", "straße"),
            ("K", "\u{212a}"),
            ("Å", "\u{212b}"),
            ("ſ", "s"),
            ("x²", "x2"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} {b}");
        }
        assert_ne!(folded("a"), folded("b"));
        assert_ne!(folded("é"), folded("e"));
    }

    #[test]
    fn paths_of_ours_are_plain_and_relative() {
        for bad in ["/", "/a", "a/", "a//b", "..", "a/../b", ".", "./a", "a\0"] {
            assert!(Rel::parse(Path::new(bad)).is_err(), "{bad:?}");
        }
        let (parent, name) = Rel::parse_name(Path::new("a/b/c")).unwrap();
        assert_eq!((parent.bytes(), name), (&b"a/b"[..], &b"c"[..]));
        let (parent, name) = Rel::parse_name(Path::new("c")).unwrap();
        assert_eq!((parent.bytes(), name), (&b""[..], &b"c"[..]));
        assert!(Rel::parse_name(Path::new("")).is_err());
    }

    proptest! {
        #[test]
        fn what_passes_stays_inside(path in "\\PC{0,12}(/\\PC{0,12}){0,4}") {
            if let Ok(path) = SubmissionPath::new(path) {
                prop_assert!(path.parts().all(|part| !part.is_empty() && part != "." && part != ".."));
                prop_assert!(!path.as_str().starts_with('/'));
                let path: &Path = path.as_ref();
                let normal = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(path.components().all(normal));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(part in "\\PC{0,20}") {
            prop_assert_eq!(folded(&folded(&part)), folded(&part));
        }
    }
}
