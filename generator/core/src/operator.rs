//! What the operator of a cluster decides: names, users, storage, ceilings.
//!
//! [`Settings`] is the operator's file as written. [`Operator`] is the same, checked: no two volumes can come to share a
//! claim, no stage runs as root, no name can carry a template tag. Nothing an author writes may change any of it.

mod claim;
mod image;
mod quantity;
mod settings;

pub use claim::{ClaimPattern, InvalidPattern, Placeholder};
pub use image::{Image, InvalidImage};
pub use quantity::{InvalidQuantity, Quantity};
pub use settings::{
    Cap, Ceilings, Claims, JobStorage, Keep, ServiceAccounts, Settings, SigningKey, Slack, TrustedPods, Users,
};

use assay_contract::{AssignmentId, Stage, Trust, Volume};

/// A checked operator's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    #[error("claims of `{first}` and `{second}` have the same pattern; give each volume a claim of its own")]
    SharedClaim {
        /// One volume.
        first: Volume,
        /// The other.
        second: Volume,
    },
}

impl Default for Operator {
    fn default() -> Self {
        Self { settings: Settings::default() }
    }
}

impl Operator {
    /// The operator of these settings.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn new(settings: Settings) -> Result<Self, OperatorError> {
        check_names(&settings)?;
        check_numbers(&settings)?;
        check_claims(&settings)?;
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

    /// CPU of a stage's pod, in thousandths of a core.
    #[must_use]
    pub fn cpu_milli(&self, stage: Stage) -> u32 {
        match stage.trust() {
            Trust::Trusted => self.settings.trusted_pods.cpu_milli,
            Trust::Untrusted => self.settings.ceilings.cpu_milli,
        }
    }
}

/// A DNS name of Kubernetes: what namespaces, claims, Secrets and ServiceAccounts may be called, `max` long.
fn is_dns_name(text: &str, max: usize, dots: bool) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|b| plain(b) || b == b'-' || (dots && b == b'.'))
        && text.bytes().next().is_some_and(plain)
        && text.bytes().last().is_some_and(plain)
}

/// What a key of a Secret or ConfigMap may be called.
fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn check_names(settings: &Settings) -> Result<(), OperatorError> {
    let label = "a DNS label: lower-case letters, digits and inner hyphens, at most 63 characters";
    let name = "a DNS name: lower-case letters, digits, inner hyphens and dots, at most 253 characters";
    let key = "letters, digits, `-`, `_` and `.`, at most 253 characters, no `.` first";
    let s = settings;
    let names = [
        ("namespace", &s.namespace, is_dns_name(&s.namespace, 63, false), label),
        ("job-storage.class", &s.job_storage.class, is_dns_name(&s.job_storage.class, 253, true), name),
        (
            "service-accounts.job",
            &s.service_accounts.job,
            is_dns_name(&s.service_accounts.job, 253, true),
            name,
        ),
        (
            "service-accounts.executor",
            &s.service_accounts.executor,
            is_dns_name(&s.service_accounts.executor, 253, true),
            name,
        ),
        ("signing-key.secret", &s.signing_key.secret, is_dns_name(&s.signing_key.secret, 253, true), name),
        ("signing-key.key", &s.signing_key.key, is_key(&s.signing_key.key), key),
        ("cap.config-map", &s.cap.config_map, is_dns_name(&s.cap.config_map, 253, true), name),
        ("cap.key", &s.cap.key, is_key(&s.cap.key), key),
    ];
    for (field, found, valid, expected) in names {
        if !valid {
            return Err(OperatorError::Invalid { field, found: found.clone(), expected });
        }
    }
    if s.service_accounts.job == s.service_accounts.executor {
        return Err(OperatorError::Invalid {
            field: "service-accounts.job",
            found: s.service_accounts.job.clone(),
            expected: "another account than `service-accounts.executor`, which holds rights",
        });
    }
    Ok(())
}

fn check_numbers(settings: &Settings) -> Result<(), OperatorError> {
    let Users { trusted, verify, test } = settings.users;
    let invalid = |field, found: u64, expected| {
        Err(OperatorError::Invalid { field, found: found.to_string(), expected })
    };
    for (field, uid) in [("users.trusted", trusted), ("users.verify", verify), ("users.test", test)] {
        if uid == 0 || i32::try_from(uid).is_err() {
            return invalid(field, uid.into(), "a user other than root, below 2147483648");
        }
    }
    if verify == trusted || test == trusted {
        return invalid("users.trusted", trusted.into(), "a user that no untrusted stage runs as");
    }
    if verify == test {
        return invalid("users.test", test.into(), "another user than `users.verify`");
    }
    let TrustedPods { cpu_milli, memory, deadline_seconds } = settings.trusted_pods;
    let positive = [
        ("trusted-pods.cpu-milli", u64::from(cpu_milli)),
        ("trusted-pods.memory", memory.bytes()),
        ("trusted-pods.deadline-seconds", deadline_seconds),
        ("ceilings.cpu-milli", u64::from(settings.ceilings.cpu_milli)),
        ("ceilings.memory", settings.ceilings.memory.bytes()),
        ("ceilings.deadline-seconds", settings.ceilings.deadline_seconds),
        ("job-storage.size", settings.job_storage.size.bytes()),
        ("slack.start-seconds", settings.slack.start_seconds),
        ("job-deadline-seconds", settings.job_deadline_seconds),
    ];
    for (field, value) in positive {
        if value == 0 || i32::try_from(value).is_err() && field.ends_with("seconds") {
            return invalid(field, value, "a number above 0 (seconds: below 2147483648)");
        }
    }
    let Keep { success_seconds, failure_seconds, pods_seconds } = settings.keep;
    for (field, value) in [
        ("keep.success-seconds", success_seconds),
        ("keep.failure-seconds", failure_seconds),
        ("keep.pods-seconds", pods_seconds),
    ] {
        if i32::try_from(value).is_err() {
            return invalid(field, value, "seconds below 2147483648");
        }
    }
    Ok(())
}

fn check_claims(settings: &Settings) -> Result<(), OperatorError> {
    let Claims { student, assignment_configuration, raw_submissions, private_results } = &settings.claims;
    let all = [
        ("claims.student", student),
        ("claims.assignment-configuration", assignment_configuration),
        ("claims.raw-submissions", raw_submissions),
        ("claims.private-results", private_results),
    ];
    for (field, pattern) in all {
        let expected = match (field, pattern.placeholder()) {
            ("claims.student", Some(Placeholder::Student)) => continue,
            ("claims.student", _) => {
                "a pattern with `{student}`, so that each student has a claim of their own"
            }
            (_, Some(Placeholder::Student)) => "a claim of the course, without `{student}`",
            (_, Some(Placeholder::Course) | None) => continue,
        };
        return Err(OperatorError::Invalid { field, found: pattern.to_string(), expected });
    }
    let patterns = [
        (Volume::Student, student),
        (Volume::AssignmentConfiguration, assignment_configuration),
        (Volume::RawSubmissions, raw_submissions),
        (Volume::PrivateResults, private_results),
    ];
    for (i, (first, one)) in patterns.iter().enumerate() {
        for (second, other) in patterns.iter().skip(i + 1) {
            if one.same_names(other) {
                return Err(OperatorError::SharedClaim { first: *first, second: *second });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_passes_its_own_checks() {
        assert_eq!(Operator::new(Settings::default()).unwrap(), Operator::default());
        assert_eq!(Operator::from_yaml("{}").unwrap(), Operator::default());
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
            "claims: {student: 'claim-{{=x}}'}",
            "claims: {private-results: 'x/{course}'}",
            "namespace: '{{workflow.name}}'",
            "service-accounts: {job: assay-executor}",
            "stage-image: 'x {{y}}'",
            "job-storage: {size: 1.5Gi}",
            "ceilings: {deadline-seconds: 0}",
            "mystery: 1",
        ] {
            assert!(Operator::from_yaml(text).is_err(), "{text}");
        }
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
