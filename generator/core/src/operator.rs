//! What the operator of a cluster decides: names, users, storage, ceilings.
//!
//! [`Settings`] is the operator's file as written. [`Operator`] is the same, checked: no two volumes can come to share a
//! claim, no stage runs as root, no name can carry a template tag. Nothing an author writes may change any of it.

mod check;
mod claim;
mod image;
mod nodes;
mod quantity;
mod settings;

pub use claim::{ClaimPattern, InvalidPattern, Placeholder};
pub use image::{Image, InvalidImage};
pub use nodes::{Nodes, TaintEffect, Toleration};
pub use quantity::{InvalidQuantity, Quantity};
pub use settings::{
    Cap, Ceilings, Claims, IsolationPolicy, JobStorage, Keep, ServiceAccounts, Settings, SigningKey, Slack,
    TrustedPods, Users,
};

use assay_contract::{AssignmentId, Stage, Trust, Volume};

use crate::isolation::Isolation;

/// A checked operator's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operator {
    settings: Settings,
}

/// Why an operator's file cannot be used; the operator's to repair.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Not YAML, an unknown field, or a value of the wrong form.
    #[error("the operator's file cannot be read")]
    Unreadable(#[source] Box<serde_saphyr::Error>),
    /// A value that Kubernetes or this design does not allow.
    #[error("`{field}` is `{found}`; expected {expected}")]
    Invalid {
        /// Path of the field.
        field: &'static str,
        /// What it holds.
        found: String,
        /// What it must hold, in words.
        expected: &'static str,
    },
    /// Two volumes would be the same claim, so that a stage would see more than its row.
    #[error(
        "`{first}` and `{second}` can come to have the same claim; let their patterns differ in how they begin or end"
    )]
    SharedClaim {
        /// One volume.
        first: Volume,
        /// The other.
        second: Volume,
    },
}

impl Operator {
    /// The operator of these settings.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn new(settings: Settings) -> Result<Self, OperatorError> {
        check::names(&settings)?;
        check::numbers(&settings)?;
        check::claims(&settings)?;
        Ok(Self { settings })
    }

    /// Reads the operator's file; what it leaves out has its default.
    ///
    /// # Errors
    /// If the text is not such a file, or a value is not allowed.
    pub fn from_yaml(text: &str) -> Result<Self, OperatorError> {
        let settings =
            serde_saphyr::from_str(text).map_err(|cause| OperatorError::Unreadable(Box::new(cause)))?;
        Self::new(settings)
    }

    /// The values themselves, all checked.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The user and group of a stage.
    #[must_use]
    pub fn user(&self, stage: Stage) -> u32 {
        let Users { trusted, verify, test } = self.settings.users;
        match stage {
            Stage::Setup | Stage::Results | Stage::Finalise => trusted,
            Stage::Verify => verify,
            Stage::Test => test,
        }
    }

    /// The name of a volume's claim, for a student and a job: real names, or template tags that stand for them.
    #[must_use]
    pub fn claim(&self, volume: Volume, assignment: &AssignmentId, student: &str, job: &str) -> String {
        let claims = &self.settings.claims;
        match volume {
            Volume::Student => claims.student.of(student),
            Volume::AssignmentConfiguration => claims.assignment_configuration.of(assignment.course()),
            Volume::RawSubmissions => claims.raw_submissions.of(assignment.course()),
            Volume::PrivateResults => claims.private_results.of(assignment.course()),
            Volume::SetupConfiguration
            | Volume::Submission
            | Volume::Verification
            | Volume::Testing
            | Volume::Results
            | Volume::Finalisation => format!("{job}-{volume}"),
        }
    }

    /// Local disk of a stage's pod.
    #[must_use]
    pub fn ephemeral_storage(&self, stage: Stage) -> Quantity {
        match stage.trust() {
            Trust::Trusted => self.settings.trusted_pods.ephemeral_storage,
            Trust::Untrusted => self.settings.ceilings.ephemeral_storage,
        }
    }

    /// How strongly an assignment's jobs are isolated that asks for this.
    #[must_use]
    pub fn isolation(&self, asked: Option<Isolation>) -> Isolation {
        let IsolationPolicy { default, force_strict, runtime_class: _ } = self.settings.isolation;
        if force_strict { Isolation::Strict } else { asked.unwrap_or(default) }
    }

    /// CPU of a stage's pod, in thousandths of a core.
    #[must_use]
    pub fn cpu_milli(&self, stage: Stage) -> u32 {
        match stage.trust() {
            Trust::Trusted => self.settings.trusted_pods.cpu_milli,
            Trust::Untrusted => self.settings.ceilings.cpu_milli,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_passes_its_own_checks() {
        assert_eq!(Operator::new(Settings::default()).unwrap(), Operator::default());
        assert_eq!(Operator::from_yaml("{}").unwrap(), Operator::default());
    }

    /// Operators find there what they can change; the file is the only list.
    #[test]
    fn the_file_of_the_base_shows_every_field_with_its_default() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/base/operator.yaml");
        let text = std::fs::read_to_string(file).unwrap();
        let shown: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(shown, serde_json::to_value(Settings::default()).unwrap());
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let operator = Operator::from_yaml(
            "namespace: jobs-a\nclaims: {student: 'home-{student}-x'}\nceilings: {memory: 4Gi}\n",
        )
        .unwrap();
        let mut expected = Settings { namespace: "jobs-a".into(), ..Settings::default() };
        expected.claims.student = ClaimPattern::new("home-{student}-x").unwrap();
        expected.ceilings.memory = Quantity::from_bytes(4 << 30);
        assert_eq!(operator.settings(), &expected);
    }

    #[test]
    fn what_would_weaken_the_table_is_refused() {
        for text in [
            "users: {trusted: 0}",
            "users: {verify: 1000}",
            "users: {test: 20001}",
            "claims: {student: everyone}",
            "claims: {student: 'claim-{course}'}",
            "claims: {raw-submissions: 'raw-{student}'}",
            "claims: {raw-submissions: '{course}-{course}'}",
            "claims: {raw-submissions: '{course}-private-results'}",
            "claims: {raw-submissions: 'x-{course}', private-results: '{course}-x'}",
            "claims: {raw-submissions: 'a-private-results'}",
            "claims: {student: '{student}-x', private-results: '{course}-x'}",
            "claims: {student: 'claim-{{=x}}'}",
            "claims: {private-results: 'x/{course}'}",
            "namespace: '{{workflow.name}}'",
            "service-accounts: {job: assay-executor}",
            "service-accounts: {job: assay-cause}",
            "service-accounts: {cause: '{{x}}'}",
            "stage-image: 'x {{y}}'",
            "job-storage: {size: 1.5Gi}",
            "service-accounts: {strict: assay-none}",
            "isolation: {runtime-class: '{{x}}'}",
            "isolation: {default: none}",
            "nodes: {selector: {'a b': c}}",
            "nodes: {tolerations: [{key: pool, value: '{{x}}'}]}",
            "registries: [hub/images]",
            "registries: [hub]",
            "ceilings: {ephemeral-storage: 0}",
            "ceilings: {ephemeral-storage: 255Mi}",
            "trusted-pods: {ephemeral-storage: 128Mi}",
            "ceilings: {deadline-seconds: 0}",
            "mystery: 1",
        ] {
            assert!(Operator::from_yaml(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strict_can_be_asked_for_and_forced() {
        let isolation = |text: &str, asked| Operator::from_yaml(text).unwrap().isolation(asked);
        let (standard, strict) = (Isolation::Standard, Isolation::Strict);
        assert_eq!(isolation("{}", None), standard);
        assert_eq!(isolation("{}", Some(strict)), strict);
        assert_eq!(isolation("isolation: {default: strict}", None), strict);
        assert_eq!(isolation("isolation: {default: strict}", Some(standard)), standard);
        assert_eq!(isolation("isolation: {force-strict: true}", Some(standard)), strict);
    }

    #[test]
    fn claims_follow_their_patterns() {
        let operator = Operator::default();
        let assignment = AssignmentId::new("comp10002/wordcount").unwrap();
        let claim = |volume| operator.claim(volume, &assignment, "alice", "job-1");
        assert_eq!(claim(Volume::Student), "claim-alice");
        assert_eq!(claim(Volume::PrivateResults), "comp10002-private-results");
        assert_eq!(claim(Volume::Testing), "job-1-testing");
    }
}
