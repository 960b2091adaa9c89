//! What each stage of an assignment's jobs is: image, command, mounts, user, limits.
//!
//! Rendering and local runs both follow a [`Plan`]; neither decides anything of its own. Mounts and facts are not
//! fields that could be set: they come from the table for the stage.

use assay_contract::facts::{self, Fact, Output};
use assay_contract::{AssignmentId, Digest, Mount, Stage, Trust, Volume, layout, table};

use crate::isolation::Isolation;
use crate::operator::{Image, InvalidImage, Operator, Quantity};

/// What of an assignment decides its jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision.
    pub revision: Digest,
    /// Its title, for people; one line.
    pub title: String,
    /// Its description, for people; may be empty, may have several lines.
    pub description: String,
    /// The author's image, in which Verify and Test run.
    pub image: String,
    /// How strongly its jobs are to be isolated; as the operator has it, where it does not say.
    pub isolation: Option<Isolation>,
    /// What the build needs.
    pub verify: Needs,
    /// What all cases together need.
    pub test: Needs,
}

/// What an untrusted stage needs by its assignment, before the operator's slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Wall-clock time in seconds, from the stage tool's start to its end.
    pub wall_seconds: u64,
    /// The most memory that its processes may have at once, in bytes.
    pub memory_bytes: u64,
}

/// Why there is no plan; the author's to repair, or for ceilings the operator's to raise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A title or description that cannot be shown safely.
    #[error("the {field} {problem}")]
    Text {
        /// `title` or `description`.
        field: &'static str,
        /// What is wrong, and what to do.
        problem: &'static str,
    },
    /// The author's image is not a reference to an image.
    #[error(transparent)]
    Image(#[from] InvalidImage),
    /// The author's image comes from a registry that the operator does not allow.
    #[error(
        "the image comes from the registry `{registry}`; the operator allows {allowed}: push it to one of these, or ask the operator to add yours to `registries`"
    )]
    Registry {
        /// Which registry.
        registry: String,
        /// Those that are allowed, for people.
        allowed: String,
    },
    /// A stage needs more time than the operator allows.
    #[error(
        "{stage} needs {needs} s and {slack} s to start; the operator allows {ceiling} s together: lower the limits or the number of cases, or ask the operator to raise `ceilings.deadline-seconds`"
    )]
    Deadline {
        /// Which stage.
        stage: Stage,
        /// What it needs, in seconds.
        needs: u64,
        /// What is added for its start, in seconds.
        slack: u64,
        /// What is allowed, in seconds.
        ceiling: u64,
    },
    /// A stage needs more memory than the operator allows.
    #[error(
        "{stage} needs {needs} and {slack} for the stage tool; the operator allows {ceiling} together: lower the memory limits, or ask the operator to raise `ceilings.memory`"
    )]
    Memory {
        /// Which stage.
        stage: Stage,
        /// What it needs.
        needs: Quantity,
        /// What is added for the stage tool.
        slack: Quantity,
        /// What is allowed.
        ceiling: Quantity,
    },
    /// A student of a certain name would have the course's own claim as their home.
    #[error(
        "the claim `{claim}` of {volume} could also be a student's; let the operator's patterns of claims differ more, or rename the course"
    )]
    ClaimOfAStudent {
        /// Which volume.
        volume: Volume,
        /// Its claim.
        claim: String,
    },
}

/// The longest title, in characters.
pub const TITLE_CHARACTERS: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_CHARACTERS: usize = 10_000;

/// The plan of an assignment's jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision.
    pub revision: Digest,
    /// Its title, for people.
    pub title: String,
    /// Its description, for people; may be empty.
    pub description: String,
    /// How strongly Verify and Test are isolated on a cluster; runs on one machine have their own way.
    pub isolation: Isolation,
    /// The stages in the order in which they run.
    pub stages: [StagePlan; 5],
}

/// The plan of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagePlan {
    /// Which stage.
    pub stage: Stage,
    /// The image it runs in: ours for trusted stages, the author's for untrusted ones.
    pub image: String,
    /// The user and group it runs as.
    pub uid: u32,
    /// Until when it must have ended, in seconds after its pod's start; its pod may wait as long for a node.
    pub deadline_seconds: u64,
    /// Memory of its pod, in bytes.
    pub memory_bytes: u64,
    /// CPU of its pod, in thousandths of a core.
    pub cpu_milli: u32,
}

impl Plan {
    /// The plan of an assignment under an operator's configuration.
    ///
    /// # Errors
    /// If a text, the image or a need is not allowed.
    pub fn new(described: &Described, operator: &Operator) -> Result<Self, PlanError> {
        let Described { assignment, revision, title, description, image, isolation, verify, test } =
            described;
        check_text("title", title, TITLE_CHARACTERS, false)?;
        check_text("description", description, DESCRIPTION_CHARACTERS, true)?;
        if title.trim().is_empty() {
            return Err(PlanError::Text {
                field: "title",
                problem: "is empty; people find assignments by it",
            });
        }
        check_claims(assignment, operator)?;
        let image = Image::new(image.as_str())?;
        check_registry(&image, operator)?;
        Ok(Self {
            assignment: assignment.clone(),
            revision: revision.clone(),
            title: title.clone(),
            description: description.clone(),
            isolation: operator.isolation(*isolation),
            stages: [
                trusted(Stage::Setup, operator),
                untrusted(Stage::Verify, &image, *verify, operator)?,
                untrusted(Stage::Test, &image, *test, operator)?,
                trusted(Stage::Results, operator),
                trusted(Stage::Finalise, operator),
            ],
        })
    }

    /// The plan of one stage.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> &StagePlan {
        let [setup, verify, test, results, finalise] = &self.stages;
        match stage {
            Stage::Setup => setup,
            Stage::Verify => verify,
            Stage::Test => test,
            Stage::Results => results,
            Stage::Finalise => finalise,
        }
    }

    /// The name of its WorkflowTemplate: `<course>-<name>-<first eight digits of the revision>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.assignment.course(), self.assignment.name(), self.revision.short())
    }
}

fn trusted(stage: Stage, operator: &Operator) -> StagePlan {
    let settings = operator.settings();
    StagePlan {
        stage,
        image: settings.stage_image.to_string(),
        uid: operator.user(stage),
        deadline_seconds: settings.trusted_pods.deadline_seconds,
        memory_bytes: settings.trusted_pods.memory.bytes(),
        cpu_milli: operator.cpu_milli(stage),
    }
}

fn untrusted(stage: Stage, image: &Image, needs: Needs, operator: &Operator) -> Result<StagePlan, PlanError> {
    let Needs { wall_seconds, memory_bytes } = needs;
    let (slack, ceilings) = (&operator.settings().slack, &operator.settings().ceilings);
    let deadline_seconds = wall_seconds.saturating_add(slack.start_seconds);
    if deadline_seconds > ceilings.deadline_seconds {
        return Err(PlanError::Deadline {
            stage,
            needs: wall_seconds,
            slack: slack.start_seconds,
            ceiling: ceilings.deadline_seconds,
        });
    }
    let memory = memory_bytes.saturating_add(slack.memory.bytes());
    if memory > ceilings.memory.bytes() {
        return Err(PlanError::Memory {
            stage,
            needs: Quantity::from_bytes(memory_bytes),
            slack: slack.memory,
            ceiling: ceilings.memory,
        });
    }
    Ok(StagePlan {
        stage,
        image: image.to_string(),
        uid: operator.user(stage),
        deadline_seconds,
        memory_bytes: memory,
        cpu_milli: operator.cpu_milli(stage),
    })
}

/// Argo replaces `{{…}}` wherever it copies a text to, and whoever reads a list of assignments must not be misled by
/// characters that cannot be seen.
fn check_text(field: &'static str, text: &str, most: usize, lines: bool) -> Result<(), PlanError> {
    let problem = if text.chars().count() > most {
        "is too long; the title may have 200 characters, the description 10000"
    } else if text.contains("{{") {
        "holds `{{`, which Argo would take for a tag; put a space between the braces"
    } else if text.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\t'))) {
        "holds a control character; remove it (only the description may have line breaks and tabs)"
    } else if text.chars().any(is_invisible) {
        "holds an invisible character, such as one that turns the direction of writing; remove it"
    } else {
        return Ok(());
    };
    Err(PlanError::Text { field, problem })
}

/// Characters without a shape of their own, and those that turn the direction of writing.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

fn check_registry(image: &Image, operator: &Operator) -> Result<(), PlanError> {
    let allowed = &operator.settings().registries;
    let registry = image.registry();
    if allowed.is_empty() || allowed.iter().any(|allowed| allowed == registry) {
        return Ok(());
    }
    let allowed: Vec<_> = allowed.iter().map(|registry| format!("`{registry}`")).collect();
    Err(PlanError::Registry { registry: registry.to_owned(), allowed: allowed.join(", ") })
}

/// Patterns alone do not decide this: with `claim-{student}`, a course `claim-x` would share names with students.
fn check_claims(assignment: &AssignmentId, operator: &Operator) -> Result<(), PlanError> {
    let students = &operator.settings().claims.student;
    for volume in [Volume::AssignmentConfiguration, Volume::RawSubmissions, Volume::PrivateResults] {
        let claim = operator.claim(volume, assignment, "", "");
        if students.matches(&claim) {
            return Err(PlanError::ClaimOfAStudent { volume, claim });
        }
    }
    Ok(())
}

impl StagePlan {
    /// What it mounts: the row of the table.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        table::mounts(self.stage)
    }

    /// What it is told.
    #[must_use]
    pub fn facts(&self) -> &'static [Fact] {
        facts::facts(self.stage)
    }

    /// What it leaves for the engine.
    #[must_use]
    pub fn outputs(&self) -> &'static [Output] {
        facts::outputs(self.stage)
    }

    /// The program it runs: our image's own tool, or the one that Setup brought into `submission`.
    #[must_use]
    pub fn program(&self) -> String {
        program(self.stage.trust())
    }
}

/// Where the stage tool is, for stages of that trust.
pub(crate) fn program(trust: Trust) -> String {
    match trust {
        Trust::Trusted => "/assay-stage".into(),
        Trust::Untrusted => format!("{}/{}", Volume::Submission.path(), layout::TOOL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described() -> Described {
        let needs = Needs { wall_seconds: 60, memory_bytes: 64 << 20 };
        Described {
            assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
            revision: Digest::new("a".repeat(64)).unwrap(),
            title: "Word count".into(),
            description: String::new(),
            image: "gcc:14".into(),
            isolation: None,
            verify: needs,
            test: needs,
        }
    }

    #[test]
    fn needs_gain_the_operators_slack() {
        let plan = Plan::new(&described(), &Operator::default()).unwrap();
        let verify = plan.stage(Stage::Verify);
        assert_eq!((verify.deadline_seconds, verify.memory_bytes), (60 + 600, 128 << 20));
        assert_eq!(plan.name(), "comp10002-wordcount-aaaaaaaa");
        assert!(plan.stages.iter().map(|s| s.stage).eq(Stage::ALL));
    }

    #[test]
    fn needs_over_a_ceiling_name_stage_and_ceiling() {
        let mut time = described();
        time.test.wall_seconds = u64::MAX;
        let error = Plan::new(&time, &Operator::default()).unwrap_err();
        assert!(matches!(error, PlanError::Deadline { stage: Stage::Test, ceiling: 3600, .. }), "{error}");
        let mut memory = described();
        memory.verify.memory_bytes = 2 << 30;
        let error = Plan::new(&memory, &Operator::default()).unwrap_err();
        assert!(matches!(error, PlanError::Memory { stage: Stage::Verify, .. }), "{error}");
        assert_eq!(
            error.to_string(),
            "verify needs 2Gi and 64Mi for the stage tool; the operator allows 2Gi together: lower the memory \
             limits, or ask the operator to raise `ceilings.memory`"
        );
    }

    #[test]
    fn texts_that_argo_or_readers_could_misread_are_refused() {
        for text in
            ["{{workflow.name}}", "a {{=1+1}}", "{{{", "a\u{202e}b", "a\u{0}b", "a\u{7f}", "\u{feff}a"]
        {
            for field in ["title", "description"] {
                let mut hostile = described();
                if field == "title" {
                    hostile.title = text.into()
                } else {
                    hostile.description = text.into()
                }
                let error = Plan::new(&hostile, &Operator::default()).unwrap_err();
                assert!(matches!(error, PlanError::Text { field: named, .. } if named == field), "{text:?}");
            }
        }
        let lines = Described { title: "a\nb".into(), ..described() };
        assert!(Plan::new(&lines, &Operator::default()).is_err());
        let lines = Described { description: "a\n\tb { { }}".into(), ..described() };
        assert!(Plan::new(&lines, &Operator::default()).is_ok());
        let empty = Described { title: " ".into(), ..described() };
        assert!(Plan::new(&empty, &Operator::default()).is_err());
        let image = Described { image: "gcc:{{x}}".into(), ..described() };
        assert!(matches!(Plan::new(&image, &Operator::default()), Err(PlanError::Image(_))));
    }

    #[test]
    fn only_registries_that_the_operator_allows_are_taken() {
        let operator = Operator::from_yaml("registries: ['registry.example.edu:5000', docker.io]").unwrap();
        for (image, allowed) in [
            ("gcc:14", true),
            ("library/gcc:14", true),
            ("registry.example.edu:5000/hub/singleuser:1", true),
            ("registry.example.edu/hub/singleuser:1", false),
            ("localhost/gcc", false),
            ("elsewhere.example/docker.io/gcc", false),
        ] {
            let plan = Plan::new(&Described { image: image.into(), ..described() }, &operator);
            assert_eq!(plan.is_ok(), allowed, "{image}");
            if let Err(error) = plan {
                assert!(matches!(error, PlanError::Registry { .. }), "{error}");
                assert!(error.to_string().contains("`registry.example.edu:5000`, `docker.io`"), "{error}");
            }
        }
    }

    #[test]
    fn no_student_can_be_given_the_claim_of_a_course() {
        let course = Described { assignment: AssignmentId::new("claim-x/a").unwrap(), ..described() };
        let error = Plan::new(&course, &Operator::default()).unwrap_err();
        assert!(matches!(error, PlanError::ClaimOfAStudent { .. }), "{error}");
    }
}
