//! `run:` lines, and what they become.
//!
//! A line without shell syntax is split into words and executed directly: no shell is needed in the image, and nothing
//! is expanded. A line with shell syntax becomes `/bin/sh -c LINE`. Shell syntax is, outside of quotes,
//!
//! - any of `|`, `&`, `;`, `<`, `>`, `(`, `)`, `` ` ``, `$`, `*`, `?`, `[` or a line break, anywhere;
//! - `~`, `#`, `{` or `!` at the start of a word;
//! - a first word that assigns (`LANG=C ./x`) or that only a shell knows (`cd`, `exec`, `ulimit`, …);
//!
//! and inside double quotes `$` and `` ` ``. `gcc -std=c17 -o wc wc.c` and `printf "%s" x` are plain.
//!
//! Arguments of a case come after the words of a plain line; a shell line gets them as `"$@"` and must use them.

use assay_contract::configuration::CommandLine;

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing but blanks.
    Empty,
    /// A quote is not closed, or the line ends with a backslash.
    Unbalanced,
    /// A NUL, which no argument can carry.
    Nul,
    /// There are arguments, and the shell line does not use them.
    IgnoresArguments,
}

/// Words that are no programs but the shell's own.
const BUILTINS: [&str; 13] =
    [".", ":", "cd", "eval", "exec", "export", "if", "for", "set", "ulimit", "umask", "unset", "while"];

/// What runs for a line and the arguments of a case.
pub(crate) fn command(line: &str, args: &[&str]) -> Result<CommandLine, Wrong> {
    if line.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    if line.contains('\0') {
        return Err(Wrong::Nul);
    }
    // One final line break comes from a YAML block and separates nothing.
    let line = line.trim_end_matches('\n');
    let owned = || args.iter().map(|arg| (*arg).to_owned());
    if !needs_shell(line) {
        let words = shlex::split(line).filter(|words| words.first().is_some_and(|word| !word.is_empty()));
        return words.map(|words| words.into_iter().chain(owned()).collect()).ok_or(Wrong::Unbalanced);
    }
    let mut command: CommandLine = vec!["/bin/sh".into(), "-c".into(), line.into()];
    if !args.is_empty() {
        if !uses_arguments(line) {
            return Err(Wrong::IgnoresArguments);
        }
        command.push("sh".into());
        command.extend(owned());
    }
    Ok(command)
}

fn uses_arguments(line: &str) -> bool {
    ["$@", "${@", "$*", "${*", "$1", "${1"].iter().any(|parameter| line.contains(parameter))
}

fn needs_shell(line: &str) -> bool {
    let mut quote = None;
    let mut word_starts = true;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            (Some(_), '$' | '`') => return true,
            (None, '\'' | '"') => quote = Some(c),
            (_, '\\') => {
                chars.next();
            }
            (Some(_), _) => {}
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '`' | '$' | '*' | '?' | '[' | '\n') => {
                return true;
            }
            (None, '~' | '#' | '{' | '!') if word_starts => return true,
            (None, _) => {}
        }
        word_starts = quote.is_none() && matches!(c, ' ' | '\t');
    }
    let first = line.split_whitespace().next().unwrap_or("");
    let assigns = first.split_once('=').is_some_and(|(name, _)| is_variable(name));
    assigns || BUILTINS.contains(&first)
}

/// Whether this can be the name of a variable in a shell.
pub(crate) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_lines_are_split_and_run_directly() {
        for (line, words) in [
            ("./wc", vec!["./wc"]),
            (
                "gcc -std=c17 -Wall -O2 -o wc wc.c",
                vec!["gcc", "-std=c17", "-Wall", "-O2", "-o", "wc", "wc.c"],
            ),
            ("printf \"%s x\" 'a $b'", vec!["printf", "%s x", "a $b"]),
            ("  ./a\\ b  c#d\n", vec!["./a b", "c#d"]),
            ("java -cp . Main '*'", vec!["java", "-cp", ".", "Main", "*"]),
        ] {
            assert_eq!(command(line, &[]), Ok(words.iter().map(ToString::to_string).collect()), "{line}");
        }
        assert_eq!(command("./wc -l", &["a b"]), Ok(vec!["./wc".into(), "-l".into(), "a b".into()]));
    }

    #[test]
    fn shell_syntax_needs_a_shell() {
        for line in [
            "make && ./x",
            "./x | sort",
            "./x > y",
            "cc *.c",
            "echo $HOME",
            "echo \"$HOME\"",
            "(cd a; make)",
            "LANG=C ./x",
            "cd src",
            "~/x",
            "./x # note",
            "! ./x",
            "a\nb",
            "echo `x`",
            "{ ./x; }",
            "ls [ab]",
            "ls ?",
        ] {
            assert_eq!(command(line, &[]), Ok(vec!["/bin/sh".into(), "-c".into(), line.into()]), "{line}");
        }
    }

    #[test]
    fn arguments_reach_a_shell_line_or_it_is_refused() {
        let got = command("./x \"$@\" | sort", &["-l"]);
        let want = ["/bin/sh", "-c", "./x \"$@\" | sort", "sh", "-l"].map(String::from).to_vec();
        assert_eq!(got, Ok(want));
        assert_eq!(command("./x | sort", &["-l"]), Err(Wrong::IgnoresArguments));
    }

    #[test]
    fn lines_that_cannot_run_are_refused() {
        assert_eq!(command(" \n", &[]), Err(Wrong::Empty));
        assert_eq!(command("gcc 'x", &[]), Err(Wrong::Unbalanced));
        assert_eq!(command("gcc x\\", &[]), Err(Wrong::Unbalanced));
        assert_eq!(command("''", &[]), Err(Wrong::Unbalanced));
        assert_eq!(command("a\0b", &[]), Err(Wrong::Nul));
    }

    proptest! {
        #[test]
        fn quoted_words_come_back_as_they_were(words in prop::collection::vec("[^\0]{1,12}", 1..6)) {
            prop_assume!(!words[0].contains('=') && !words[0].trim().is_empty());
            prop_assume!(!words.iter().any(|word| word.contains('\n')));
            let line = shlex::try_join(words.iter().map(String::as_str)).unwrap();
            prop_assume!(!BUILTINS.contains(&words[0].as_str()));
            prop_assert_eq!(command(&line, &[]), Ok(words));
        }
    }
}
