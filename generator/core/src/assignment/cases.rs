//! From the items of `test.cases:` to cases: groups unfold, every case gets its command, texts, limits and points.

use std::collections::BTreeMap;

use assay_contract::answers::{Compare, ExpectedExit, Show, ShowFrom};
use assay_contract::{CaseId, Points};

use super::folder::{Content, Folder};
use super::raw::{At, RawCase, RawTest, RawText};
use super::run_line::{self, Wrong};
use super::valid::{Case, Expected};
use super::{limits, words};
use crate::diagnostics::{Place, Problem, codes};

/// The most cases of one assignment.
const MAX_CASES: usize = 2_000;

/// What all cases are unfolded with.
pub(crate) struct Unfolding<'a> {
    pub(crate) folder: &'a mut Folder,
    pub(crate) problems: &'a mut Vec<Problem>,
    /// Whether expected outputs may be missing because they are about to be recorded.
    pub(crate) recording: bool,
}

/// A case before it has its place in the plan.
struct Draft {
    name: String,
    points: Points,
    stdin: Option<Content>,
    expected: Expected,
}

impl Unfolding<'_> {
    /// All cases, in the order written; every problem is reported, and what has one is left out.
    pub(crate) fn cases(&mut self, test: &RawTest) -> Vec<Case> {
        limits::check(&test.limits, self.problems);
        let mut cases: Vec<Case> = Vec::new();
        let mut names: BTreeMap<String, Place> = BTreeMap::new();
        let Some(raw) = &test.cases else { return cases };
        for item in &raw.value {
            for case in self.item(test, item) {
                let place = item.name.as_ref().or(item.group.as_ref()).map_or(&item.place, |at| &at.place);
                if let Some(first) = names.insert(case.name.clone(), place.clone()) {
                    let message = format!("two cases are called `{}`", case.name);
                    self.problems.push(
                        Problem::new(&codes::CASE_DUPLICATE, place, message)
                            .label("again here")
                            .related(first.span, "first here"),
                    );
                }
                cases.push(Case { id: CaseId::at(cases.len()), ..case });
            }
            if cases.len() > MAX_CASES {
                let message = format!("there are more than {MAX_CASES} cases");
                self.problems.push(Problem::new(&codes::CASES_TOO_MANY, &raw.place, message));
                return cases;
            }
        }
        if raw.value.is_empty() {
            let message = "an assignment needs at least one case";
            self.problems.push(Problem::new(&codes::CASES_NONE, &raw.place, message));
        }
        cases
    }

    fn item(&mut self, test: &RawTest, item: &RawCase) -> Vec<Case> {
        limits::check(&item.limits, self.problems);
        let limits = limits::resolve(&[&item.limits, &test.limits], limits::CASE, self.problems);
        let run = self.command(test, item);
        let drafts = self.drafts(item);
        let compare =
            item.compare.as_ref().or(test.compare.as_ref()).map_or(Compare::Trimmed, |at| at.value.clone());
        let exit = item.exit.as_ref().or(test.exit.as_ref()).map_or(ExpectedExit::Status(0), |at| at.value);
        if let (Some(compare), None) = (&item.compare, &item.stdout) {
            let message = "there is no expected output to compare with";
            self.problems.push(
                Problem::new(&codes::COMPARE_WITHOUT_STDOUT, &compare.place, message).hint("add `stdout`"),
            );
        }
        if item.stdout.is_none() && exit == ExpectedExit::Any {
            let message = "every program passes this case that ends without a signal";
            self.problems.push(
                Problem::new(&codes::CASE_TESTS_NOTHING, &item.place, message)
                    .hint("add `stdout` or an exit status"),
            );
        }
        let (Some(run), Some(drafts)) = (run, drafts) else { return Vec::new() };
        if compare == Compare::Regex {
            self.patterns(item, &drafts);
        }
        let case = |draft: Draft| Case {
            id: CaseId::at(0),
            name: draft.name,
            group: item.group.as_ref().map(|group| group.value.clone()),
            run: run.clone(),
            args: item.args.iter().map(|arg| arg.value.clone()).collect(),
            stdin: draft.stdin,
            expected: draft.expected,
            exit,
            compare: compare.clone(),
            points: draft.points,
            show: item.show.as_ref().or(test.show.as_ref()).map_or(Show::Verdict, |at| at.value),
            from: item.from.as_ref().map_or(ShowFrom::Start, |at| at.value),
            limits,
        };
        drafts.into_iter().map(case).collect()
    }

    fn command(&mut self, test: &RawTest, item: &RawCase) -> Option<Vec<String>> {
        let Some(line) = item.run.as_ref().or(test.run.as_ref()) else {
            let message = "nothing says what this case runs";
            self.problems.push(
                Problem::new(&codes::RUN_MISSING, &item.place, message)
                    .hint("add `run` to `test`, or to this case"),
            );
            return None;
        };
        let args: Vec<&str> = item.args.iter().map(|arg| arg.value.as_str()).collect();
        if let Some(arg) = item.args.iter().find(|arg| arg.value.contains('\0')) {
            self.problems.push(Problem::new(
                &codes::TEXT_INVALID,
                &arg.place,
                "an argument cannot hold a NUL",
            ));
            return None;
        }
        let problem = match run_line::command(&line.value, &args) {
            Ok(command) => return Some(command),
            Err(Wrong::IgnoresArguments) => {
                let place = item.args.first().map_or(&line.place, |arg| &arg.place);
                Problem::new(
                    &codes::RUN_IGNORES_ARGS,
                    place,
                    "the line that runs does not use these arguments",
                )
                .related(line.place.span, "a line for the shell")
                .hint("write `\"$@\"` where the arguments belong")
            }
            Err(wrong) => run_problem(line, wrong),
        };
        self.problems.push(problem);
        None
    }

    /// The cases of an item: one, or one for each file that matches.
    fn drafts(&mut self, item: &RawCase) -> Option<Vec<Draft>> {
        let stdin = item.stdin.as_ref().map(|at| &at.value);
        let stdout = item.stdout.as_ref().map(|at| &at.value);
        match (stdin, stdout) {
            (Some(RawText::Files(inputs)), _) => self.group(item, inputs),
            (_, Some(RawText::Files(outputs))) => {
                let message = "there is nothing to pair these expected outputs with";
                self.problems.push(
                    Problem::new(&codes::FILES_UNPAIRED, &outputs.place, message)
                        .hint("give `stdin: {files: …}` too, or a single `{file: …}`"),
                );
                None
            }
            _ => self.single(item).map(|draft| vec![draft]),
        }
    }

    fn single(&mut self, item: &RawCase) -> Option<Draft> {
        if let Some(group) = &item.group {
            let message = "a group is made of files, and this case has none";
            self.problems.push(
                Problem::new(&codes::CASE_NAME, &group.place, message)
                    .hint("write `name` for a single case, or give `stdin: {files: …}`"),
            );
        }
        let name = match &item.name {
            Some(name) => words::label(name, 100, self.problems),
            None => {
                if item.group.is_none() {
                    let message = "this case has no name";
                    self.problems.push(
                        Problem::new(&codes::CASE_NAME, &item.place, message)
                            .hint("write `name`, or `group` for one case for each of several files"),
                    );
                }
                None
            }
        };
        let stdin = match item.stdin.as_ref().map(|at| &at.value) {
            None | Some(RawText::Files(_)) => Some(None),
            Some(RawText::Inline(text)) => {
                Some(Some(Content::new(text.as_bytes())).filter(|_| !text.is_empty()))
            }
            Some(RawText::File(file)) => self.read(file).map(Some),
        };
        let expected = self.expected(item.stdout.as_ref());
        Some(Draft { name: name?, points: item.points.as_ref()?.value, stdin: stdin?, expected: expected? })
    }

    fn expected(&mut self, stdout: Option<&At<RawText>>) -> Option<Expected> {
        match stdout.map(|at| &at.value) {
            None | Some(RawText::Files(_)) => Some(Expected::Any),
            Some(RawText::Inline(text)) => Some(Expected::Inline(Content::new(text.as_bytes()))),
            Some(RawText::File(file)) => self.expected_file(file),
        }
    }

    fn expected_file(&mut self, file: &At<String>) -> Option<Expected> {
        let path = match super::folder::relative(file) {
            Ok(path) => path,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        if self.recording && self.folder.is_missing(file) {
            return Some(Expected::File { path, content: None });
        }
        self.read(file).map(|content| Expected::File { path, content: Some(content) })
    }

    fn group(&mut self, item: &RawCase, inputs: &At<String>) -> Option<Vec<Draft>> {
        let problem = match (&item.name, &item.group) {
            (Some(name), _) => Some((&name.place, "several cases cannot share one name")),
            (None, None) => Some((&item.place, "these cases have no group")),
            (None, Some(_)) => None,
        };
        if let Some((place, message)) = problem {
            self.problems.push(
                Problem::new(&codes::CASE_NAME, place, message).hint("write `group` instead of `name`"),
            );
        }
        let group = item.group.as_ref().and_then(|group| words::label(group, 60, self.problems));
        let matched = self.matching(inputs)?;
        let outputs = match item.stdout.as_ref().map(|at| &at.value) {
            Some(RawText::Files(pattern)) => Some((pattern, self.partners(inputs, &matched, pattern)?)),
            _ => None,
        };
        let single = if outputs.is_none() { self.expected(item.stdout.as_ref())? } else { Expected::Any };
        let (group, points) = (group?, item.points.as_ref()?.value);
        let shares = shares(points, matched.len());
        let mut drafts = Vec::new();
        for ((part, input), points) in matched.into_iter().zip(shares) {
            let stdin = self.read(&At { value: input, place: inputs.place.clone() });
            let expected = match &outputs {
                Some((pattern, outputs)) => {
                    let value = outputs.get(&part)?.clone();
                    self.expected_file(&At { value, place: pattern.place.clone() })
                }
                None => Some(single.clone()),
            };
            if let (Some(stdin), Some(expected)) = (stdin, expected) {
                let stdin = Some(stdin).filter(|content| !content.bytes().is_empty());
                drafts.push(Draft { name: format!("{group}/{part}"), points, stdin, expected });
            }
        }
        Some(drafts)
    }

    fn matching(&mut self, pattern: &At<String>) -> Option<BTreeMap<String, String>> {
        match self.folder.matching(pattern) {
            Ok(matched) if matched.is_empty() => {
                let message = format!("no file matches `{}`", pattern.value);
                self.problems.push(Problem::new(&codes::FILES_NO_MATCH, &pattern.place, message));
                None
            }
            Ok(matched) => Some(matched),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// The expected output for each input; every one that is missing or left over is reported.
    fn partners(
        &mut self,
        inputs: &At<String>,
        matched: &BTreeMap<String, String>,
        pattern: &At<String>,
    ) -> Option<BTreeMap<String, String>> {
        let outputs = match self.folder.matching(pattern) {
            Ok(outputs) => outputs,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let mut complete = true;
        let mut pairs = BTreeMap::new();
        for (part, input) in matched {
            let expected = pattern.value.replacen('*', part, 1);
            if !outputs.contains_key(part) && !self.recording {
                complete = false;
                let message = format!("`{input}` has no expected output: `{expected}` does not exist");
                self.problems.push(
                    Problem::new(&codes::PARTNER_MISSING, &pattern.place, message)
                        .related(inputs.place.span, "the inputs")
                        .hint("`assay record` writes it from the solution's output"),
                );
            }
            pairs.insert(part.clone(), outputs.get(part).cloned().unwrap_or(expected));
        }
        for (_, output) in outputs.iter().filter(|(part, _)| !matched.contains_key(*part)) {
            complete = false;
            let message = format!("`{output}` belongs to no input that matches `{}`", inputs.value);
            self.problems.push(
                Problem::new(&codes::PARTNER_LEFT_OVER, &pattern.place, message)
                    .related(inputs.place.span, "the inputs")
                    .hint("add the input, or remove the file"),
            );
        }
        complete.then_some(pairs)
    }

    /// Reports expected outputs that are no regular expressions.
    fn patterns(&mut self, item: &RawCase, drafts: &[Draft]) {
        let Some(stdout) = &item.stdout else { return };
        for draft in drafts {
            let Some(content) = draft.expected.content() else { continue };
            let wrong = pattern_wrong(content.bytes());
            if let Some(wrong) = wrong {
                let message =
                    format!("the expected output of `{}` is no regular expression: {wrong}", draft.name);
                self.problems.push(Problem::new(&codes::REGEX_INVALID, &stdout.place, message));
            }
        }
    }

    fn read(&mut self, file: &At<String>) -> Option<Content> {
        self.folder.read(file).map_err(|problem| self.problems.push(problem)).ok()
    }
}

/// What is wrong with a line that runs.
pub(crate) fn run_problem(line: &At<String>, wrong: Wrong) -> Problem {
    let message = match wrong {
        Wrong::Empty => "there is nothing to run",
        Wrong::Unbalanced => "a quote is not closed, or nothing follows the last backslash",
        Wrong::Nul => "the line holds a NUL",
        Wrong::IgnoresArguments => "the line does not use its arguments",
    };
    Problem::new(&codes::RUN_INVALID, &line.place, message)
}

/// Points in equal shares, exact to a thousandth; what is left over goes to the first ones, a thousandth each.
fn shares(points: Points, count: usize) -> Vec<Points> {
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let (each, rest) = (points.thousandths() / count, points.thousandths() % count);
    (0..count).map(|n| Points::from_thousandths(each + u32::from(n < rest)).unwrap_or(Points::MAX)).collect()
}

/// Why this cannot be the pattern of an expected output, by the rules of scoring.
fn pattern_wrong(pattern: &[u8]) -> Option<String> {
    let Ok(pattern) = std::str::from_utf8(pattern) else { return Some("it is not UTF-8".to_owned()) };
    assay_score::check_pattern(pattern).err().map(|error| last_line(&error.to_string()))
}

/// The regex crate draws the pattern first; its last line says what is wrong.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or(text).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_share_is_lost(thousandths in 0_u32..=1_000_000_000, count in 1_usize..500) {
            let points = Points::from_thousandths(thousandths).unwrap();
            let shares = shares(points, count);
            prop_assert_eq!(shares.len(), count);
            prop_assert_eq!(shares.iter().copied().sum::<Points>(), points);
            prop_assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert!(shares[0].thousandths() - shares[count - 1].thousandths() <= 1);
        }
    }
}
