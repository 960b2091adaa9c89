//! The command line of a stage: exactly the facts that the contract lists for it, each once, each checked.

use std::collections::BTreeMap;
use std::str::FromStr;

use assay_contract::facts::{self, Fact, NONE, Output};
use assay_contract::result::{StageEnd, StageStatus};
use assay_contract::{AssignmentId, Cause, Digest, Fault, JobId, Points, Stage, StudentId, Verdict};
use jiff::Timestamp;

use crate::error::StageError;

/// The facts of a stage, all there and none twice.
#[derive(Debug)]
struct Facts {
    stage: Stage,
    values: BTreeMap<Fact, String>,
}

/// Which job this is; told to every trusted stage.
#[derive(Debug, Clone)]
pub(crate) struct JobFacts {
    pub(crate) job: JobId,
    pub(crate) assignment: AssignmentId,
    pub(crate) revision: Digest,
    pub(crate) student: StudentId,
    pub(crate) digest: Digest,
    pub(crate) handed_in: Timestamp,
}

/// What Results is told.
#[derive(Debug)]
pub(crate) struct ResultsFacts {
    pub(crate) job: JobFacts,
    pub(crate) setup: StageEnd,
    pub(crate) verify: StageEnd,
    pub(crate) test: StageEnd,
    /// Whether Setup accepted the submission; `None` where Setup did not get that far.
    pub(crate) accepted: Option<bool>,
    pub(crate) refusal: Option<String>,
    pub(crate) late_seconds: u64,
    pub(crate) due: Option<i64>,
}

/// What Finalise is told.
#[derive(Debug)]
pub(crate) struct FinaliseFacts {
    pub(crate) job: JobFacts,
    /// Whether Setup accepted the submission; `None` where Setup did not get that far.
    pub(crate) accepted: Option<bool>,
    pub(crate) received: Option<Digest>,
    pub(crate) network: Option<String>,
    pub(crate) results: StageStatus,
    pub(crate) conclusion: Option<Told>,
}

/// What Results told Finalise of its conclusion.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) verdict: Verdict,
    pub(crate) fault: Option<Fault>,
    pub(crate) points: Points,
    pub(crate) max_points: Points,
    pub(crate) private_digest: Digest,
    pub(crate) student_digest: Digest,
}

impl JobFacts {
    /// Setup's command line.
    pub(crate) fn parse(args: &[String]) -> Result<JobFacts, StageError> {
        Facts::parse(Stage::Setup, args)?.job()
    }
}

impl ResultsFacts {
    /// Results' command line.
    pub(crate) fn parse(args: &[String]) -> Result<ResultsFacts, StageError> {
        let facts = Facts::parse(Stage::Results, args)?;
        let accepted = facts.accepted()?;
        Ok(ResultsFacts {
            job: facts.job()?,
            setup: facts.stage_end(Stage::Setup)?,
            verify: facts.stage_end(Stage::Verify)?,
            test: facts.stage_end(Stage::Test)?,
            accepted,
            refusal: facts.known(Fact::From(Output::Refusal))?.map(str::to_owned),
            late_seconds: facts.optional(Fact::From(Output::LateSeconds), "seconds")?.unwrap_or(0),
            due: facts.optional(Fact::From(Output::Due), "seconds since 1970")?,
        })
    }
}

impl FinaliseFacts {
    /// Finalise's command line.
    pub(crate) fn parse(args: &[String]) -> Result<FinaliseFacts, StageError> {
        let facts = Facts::parse(Stage::Finalise, args)?;
        let verdict_fact = Fact::From(Output::Verdict);
        let conclusion = match facts.known(verdict_fact)? {
            None => None,
            Some(word) => Some(facts.within_range(Told {
                verdict: Verdict::from_id(word).ok_or_else(|| facts.wrong(verdict_fact, "a verdict"))?,
                fault: match facts.known(Fact::From(Output::Fault))? {
                    None => None,
                    Some("student") => Some(Fault::Student),
                    Some("author") => Some(Fault::Author),
                    Some("system") => Some(Fault::System),
                    Some(_) => return Err(facts.wrong(Fact::From(Output::Fault), "a fault")),
                },
                points: facts.required(Fact::From(Output::Points), "points")?,
                max_points: facts.required(Fact::From(Output::MaxPoints), "points")?,
                private_digest: facts.required(Fact::From(Output::PrivateDigest), Digest::EXPECTED)?,
                student_digest: facts.required(Fact::From(Output::StudentDigest), Digest::EXPECTED)?,
            })?),
        };
        Ok(FinaliseFacts {
            job: facts.job()?,
            accepted: facts.accepted()?,
            received: facts.optional(Fact::From(Output::ReceivedDigest), Digest::EXPECTED)?,
            network: facts.known(Fact::From(Output::Network))?.map(str::to_owned),
            results: facts.status(Stage::Results)?,
            conclusion,
        })
    }
}

/// Refuses anything after a subcommand that takes no facts.
pub(crate) fn none(stage: Stage, args: &[String]) -> Result<(), StageError> {
    Facts::parse(stage, args).map(drop)
}

impl Facts {
    fn parse(stage: Stage, args: &[String]) -> Result<Facts, StageError> {
        let usage = |message: String| {
            let names: Vec<_> =
                facts::facts(stage).iter().map(|fact| format!("--{} <value>", fact.name())).collect();
            StageError::usage(message).hint(format!("assay-stage {stage} {}", names.join(" ")))
        };
        let mut values = BTreeMap::new();
        for pair in args.chunks(2) {
            let [option, value] = pair else {
                return Err(usage(format!("`{}` has no value", pair.concat().escape_debug())));
            };
            let known = |fact: &&Fact| option.strip_prefix("--").is_some_and(|name| name == fact.name());
            let Some(fact) = facts::facts(stage).iter().find(known) else {
                return Err(usage(format!("unknown option `{}`", option.escape_debug())));
            };
            if values.insert(*fact, value.clone()).is_some() {
                return Err(usage(format!("`{option}` is given twice")));
            }
        }
        if let Some(missing) = facts::facts(stage).iter().find(|fact| !values.contains_key(fact)) {
            return Err(usage(format!("`--{}` is missing", missing.name())));
        }
        Ok(Facts { stage, values })
    }

    fn job(&self) -> Result<JobFacts, StageError> {
        Ok(JobFacts {
            job: self.required(Fact::Job, JobId::EXPECTED)?,
            assignment: self.required(Fact::Assignment, AssignmentId::EXPECTED)?,
            revision: self.required(Fact::Revision, Digest::EXPECTED)?,
            student: self.required(Fact::Student, StudentId::EXPECTED)?,
            digest: self.required(Fact::Digest, Digest::EXPECTED)?,
            handed_in: self.required(Fact::HandedIn, "a time in RFC 3339, `2026-03-16T12:59:31Z`")?,
        })
    }

    fn accepted(&self) -> Result<Option<bool>, StageError> {
        let fact = Fact::From(Output::Outcome);
        match self.known(fact)? {
            None => Ok(None),
            Some("accepted") => Ok(Some(true)),
            Some("refused") => Ok(Some(false)),
            Some(_) => Err(self.wrong(fact, "`accepted` or `refused`")),
        }
    }

    fn stage_end(&self, stage: Stage) -> Result<StageEnd, StageError> {
        let exit = self.optional(Fact::ExitCode(stage), "an exit code or `none`")?;
        Ok(StageEnd { stage, status: self.status(stage)?, exit, cause: self.cause(stage)? })
    }

    fn cause(&self, stage: Stage) -> Result<Cause, StageError> {
        let fact = Fact::Cause(stage);
        Cause::from_id(self.raw(fact)?).ok_or_else(|| self.wrong(fact, "a word for how a pod ended"))
    }

    fn status(&self, stage: Stage) -> Result<StageStatus, StageError> {
        let fact = Fact::Status(stage);
        StageStatus::from_id(self.raw(fact)?)
            .ok_or_else(|| self.wrong(fact, "one of Argo's words for a status"))
    }

    fn raw(&self, fact: Fact) -> Result<&str, StageError> {
        self.values
            .get(&fact)
            .map(String::as_str)
            .ok_or_else(|| StageError::usage(format!("{}: `--{}` is missing", self.stage, fact.name())))
    }

    fn known(&self, fact: Fact) -> Result<Option<&str>, StageError> {
        Ok(Some(self.raw(fact)?).filter(|value| *value != NONE))
    }

    fn required<T: FromStr>(&self, fact: Fact, expected: &str) -> Result<T, StageError> {
        self.raw(fact)?.parse().map_err(|_| self.wrong(fact, expected))
    }

    fn optional<T: FromStr>(&self, fact: Fact, expected: &str) -> Result<Option<T>, StageError> {
        self.known(fact)?.map(|value| value.parse().map_err(|_| self.wrong(fact, expected))).transpose()
    }

    /// Nobody earns more than there is.
    fn within_range(&self, told: Told) -> Result<Told, StageError> {
        if told.points <= told.max_points {
            Ok(told)
        } else {
            let expected = format!("at most {}, the most that can be had", told.max_points);
            Err(self.wrong(Fact::From(Output::Points), &expected))
        }
    }

    fn wrong(&self, fact: Fact, expected: &str) -> StageError {
        let value: String = self.raw(fact).unwrap_or("").chars().take(100).collect();
        StageError::usage(format!(
            "{}: `--{} {}` is not {expected}",
            self.stage,
            fact.name(),
            value.escape_debug()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup_args() -> Vec<String> {
        let digest = "0".repeat(64);
        [
            ("--job", "j-1"),
            ("--assignment", "c/a"),
            ("--revision", &digest),
            ("--student", "ada"),
            ("--digest", &digest),
            ("--handed-in", "2026-03-16T12:59:31Z"),
        ]
        .iter()
        .flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()])
        .collect()
    }

    #[test]
    fn all_facts_in_any_order() {
        let mut args = setup_args();
        args.rotate_left(4);
        assert_eq!(JobFacts::parse(&args).unwrap().student.as_str(), "ada");
    }

    #[test]
    fn every_deviation_is_refused_with_the_usage() {
        let good = setup_args();
        let mut missing = good.clone();
        missing.truncate(10);
        let mut twice = good.clone();
        twice.extend(["--job".into(), "j-2".into()]);
        let mut unknown = good.clone();
        unknown.extend(["--answers".into(), "x".into()]);
        let mut odd = good.clone();
        odd.push("--job".into());
        for args in [missing, twice, unknown, odd] {
            let error = JobFacts::parse(&args).unwrap_err();
            assert_eq!(error.exit, assay_contract::Exit::Usage);
            assert!(error.to_string().contains("hint: assay-stage setup --job"), "{error}");
        }
    }

    #[test]
    fn hostile_values_are_refused_and_shown_escaped() {
        for value in ["", "../x", "{{workflow.name}}", "a\nb", "\u{1b}[2J"] {
            let mut args = setup_args();
            args[7] = value.into();
            let text = JobFacts::parse(&args).unwrap_err().to_string();
            assert!(text.contains("--student"), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains("a\nb"), "{text:?}");
        }
        // As an option: at its place, and as what is left over at the end.
        for args in [vec!["\u{1b}[2J".to_owned(), "x".into()], vec!["\u{1b}[2J".into()]] {
            let text = JobFacts::parse(&args).unwrap_err().to_string();
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
