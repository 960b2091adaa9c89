//! What of an assignment goes into which volume, and the digest that names the whole.
//!
//! [`Publication::configuration`] is laid where student code can read parts of it: it holds no expected output, no name
//! of a case, no points and nothing of the salt. All of that is in [`Publication::answers`].

use std::collections::BTreeMap;

use assay_contract::answers::{AnswerCase, Answers, Mode, round};
use assay_contract::configuration::{Configuration, OverlayFile, Schedule, TestCase, TestPlan};
use assay_contract::duties::Place;
use assay_contract::{API_VERSION, AssignmentId, Digest};
use serde::Serialize;

use super::folder::{Content, Laid, sha256};
use super::valid::{Assignment, Case};
use crate::plan::{Described, Needs};

/// Seconds that a stage may take beside what it runs: to start, to copy, to write.
const SLACK_SECONDS: u64 = 60;
/// Seconds that each case may take beside its own limit.
const CASE_SLACK_SECONDS: u64 = 1;
/// Memory that the tool itself and the files it handles take, in bytes.
const OVERHEAD_BYTES: u64 = 128 << 20;

/// The documents and files of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// `configuration.json`.
    pub configuration: Configuration,
    /// `answers.json`.
    pub answers: Answers,
    /// `schedule.json`.
    pub schedule: Schedule,
    /// Contents that `configuration` names.
    pub configuration_files: BTreeMap<Digest, Content>,
    /// Contents that `answers` names.
    pub answer_files: BTreeMap<Digest, Content>,
}

impl Publication {
    /// What goes into the volumes, and where: the answers, the configuration, the schedule, in this order.
    ///
    /// # Panics
    /// Never: the documents hold text, numbers and lists alone.
    #[must_use]
    pub fn parts(&self) -> Vec<(Place, Content)> {
        let Publication { configuration, answers, schedule, configuration_files, answer_files } = self;
        let files = |place, files: &BTreeMap<Digest, Content>| {
            files.values().map(|content| (place, content.clone())).collect::<Vec<_>>()
        };
        let mut parts = vec![(Place::Answers, document(answers))];
        parts.extend(files(Place::AnswerFile, answer_files));
        parts.push((Place::Configuration, document(configuration)));
        parts.extend(files(Place::ConfigurationFile, configuration_files));
        parts.push((Place::Schedule, document(schedule)));
        parts
    }
}

/// A document as it is stored: readable JSON with a final newline.
fn document(document: &impl Serialize) -> Content {
    let mut bytes =
        serde_json::to_vec_pretty(document).expect("the documents hold text, numbers and lists alone");
    bytes.push(b'\n');
    Content::new(bytes)
}

/// Everything that decides marks; its SHA-256 is the revision. The order of fields is part of the format.
#[derive(Serialize)]
struct Canonical<'a> {
    api_version: &'a str,
    salt: Option<&'a str>,
    image: &'a str,
    assignment: &'a AssignmentId,
    rules: &'a assay_contract::configuration::SubmissionRules,
    overlay: &'a [OverlayFile],
    build: &'a Option<assay_contract::configuration::BuildPlan>,
    test: &'a TestPlan,
    mode: Mode,
    late: assay_contract::answers::LatePenalty,
    cases: &'a [AnswerCase],
}

impl Assignment {
    /// Its documents and files; the same assignment gives the same bytes on every machine.
    ///
    /// An expected output that waits to be recorded is left out, and its case accepts any output.
    #[must_use]
    pub fn publication(&self) -> Publication {
        let mut configuration = Configuration {
            api_version: API_VERSION.into(),
            assignment: self.id.clone(),
            revision: sha256(&[]),
            title: self.title.clone(),
            rules: self.rules.clone(),
            overlay: self.overlay.iter().map(overlay_file).collect(),
            build: self.build.clone(),
            test: TestPlan { cases: test_cases(&self.cases), env: self.env.clone(), network: self.network },
        };
        let mut answers = Answers {
            api_version: API_VERSION.into(),
            assignment: self.id.clone(),
            revision: sha256(&[]),
            title: self.title.clone(),
            mode: Mode::Sealed,
            late: self.late,
            cases: self.cases.iter().map(answer_case).collect(),
        };
        let revision = self.revision_of(&configuration, &answers);
        configuration.revision = revision.clone();
        answers.revision = revision;

        let inputs = || self.cases.iter().filter_map(|case| case.stdin.as_ref());
        let overlay = self.overlay.iter().map(|laid| &laid.content);
        let outputs = self.cases.iter().filter_map(|case| case.expected.content());
        Publication {
            configuration,
            answers,
            schedule: self.schedule.clone(),
            configuration_files: by_digest(overlay.chain(inputs())),
            answer_files: by_digest(outputs.chain(inputs())),
        }
    }

    /// What a plan is made from.
    #[must_use]
    pub fn described(&self) -> Described {
        let Publication { configuration, .. } = self.publication();
        let seconds = |limits: &assay_contract::Limits| limits.wall_ms.div_ceil(1_000);
        let walls: u64 = self.cases.iter().map(|case| seconds(&case.limits) + CASE_SLACK_SECONDS).sum();
        let most = self.cases.iter().map(|case| case.limits.memory_bytes).max().unwrap_or(0);
        let build = self.build.as_ref().map(|build| build.limits);
        Described {
            assignment: self.id.clone(),
            revision: configuration.revision,
            title: self.title.clone(),
            description: self.description.clone(),
            image: self.image.clone(),
            isolation: self.isolation,
            verify: Needs {
                wall_seconds: SLACK_SECONDS + build.as_ref().map_or(0, seconds),
                memory_bytes: OVERHEAD_BYTES + build.map_or(0, |limits| limits.memory_bytes),
            },
            test: Needs { wall_seconds: SLACK_SECONDS + walls, memory_bytes: OVERHEAD_BYTES + most },
        }
    }

    /// Destructured in full, so that a new field has to be given its place here.
    fn revision_of(&self, configuration: &Configuration, answers: &Answers) -> Digest {
        let Configuration { api_version, assignment, revision: _, title: _, rules, overlay, build, test } =
            configuration;
        let Answers { api_version: _, assignment: _, revision: _, title: _, mode, late, cases } = answers;
        let canonical = Canonical {
            api_version,
            salt: self.salt.as_deref(),
            image: &self.image,
            assignment,
            rules,
            overlay,
            build,
            test,
            mode: *mode,
            late: *late,
            cases,
        };
        sha256(&serde_json::to_vec(&canonical).expect("the documents hold text, numbers and lists alone"))
    }
}

fn overlay_file(laid: &Laid) -> OverlayFile {
    let Laid { path, content, executable } = laid;
    OverlayFile { path: path.clone(), content: content.digest().clone(), executable: *executable }
}

fn test_case(case: &Case) -> TestCase {
    TestCase {
        id: case.id.clone(),
        run: case.run.clone(),
        stdin: case.stdin.as_ref().map(|content| content.digest().clone()),
        limits: case.limits,
    }
}

/// The cases as Test knows them, in the order in which they run.
fn test_cases(cases: &[Case]) -> Vec<TestCase> {
    let mut ordered: Vec<&Case> = cases.iter().collect();
    ordered.sort_by_key(|case| round(case.show, case.from));
    ordered.into_iter().map(test_case).collect()
}

fn answer_case(case: &Case) -> AnswerCase {
    let Case { id, name, group, run: _, args, stdin, expected, exit, compare, points, show, from, limits } =
        case;
    AnswerCase {
        id: id.clone(),
        name: name.clone(),
        group: group.clone(),
        points: *points,
        compare: compare.clone(),
        stdout: expected.content().map(|content| content.digest().clone()),
        exit: *exit,
        show: *show,
        from: *from,
        stdin: stdin.as_ref().map(|content| content.digest().clone()),
        args: args.clone(),
        limits: *limits,
    }
}

fn by_digest<'a>(contents: impl Iterator<Item = &'a Content>) -> BTreeMap<Digest, Content> {
    contents.map(|content| (content.digest().clone(), content.clone())).collect()
}
