//! What an operator's settings must satisfy. Each check returns at the first value that does not.

use assay_contract::Volume;

use super::image::is_registry;
use super::{Claims, Keep, OperatorError, Placeholder, ServiceAccounts, Settings, TrustedPods, Users};

/// A DNS name of Kubernetes: what namespaces, claims, Secrets and ServiceAccounts may be called, `max` long.
pub(super) fn is_dns_name(text: &str, max: usize, dots: bool) -> bool {
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

pub(super) fn names(settings: &Settings) -> Result<(), OperatorError> {
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
        (
            "service-accounts.cause",
            &s.service_accounts.cause,
            is_dns_name(&s.service_accounts.cause, 253, true),
            name,
        ),
        (
            "service-accounts.strict",
            &s.service_accounts.strict,
            is_dns_name(&s.service_accounts.strict, 253, true),
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
    if let Some(class) = s.isolation.runtime_class.as_ref().filter(|class| !is_dns_name(class, 253, true)) {
        return Err(OperatorError::Invalid {
            field: "isolation.runtime-class",
            found: class.clone(),
            expected: name,
        });
    }
    if let Some(found) = s.nodes.invalid() {
        return Err(OperatorError::Invalid {
            field: "nodes",
            found: found.to_owned(),
            expected: "keys and values as labels of Kubernetes may have them",
        });
    }
    if let Some(found) = s.registries.iter().find(|registry| !is_registry(registry)) {
        return Err(OperatorError::Invalid {
            field: "registries",
            found: found.clone(),
            expected: "`host` or `host:port`, as images name it; `docker.io` for those that name none",
        });
    }
    let ServiceAccounts { job, executor, cause, strict } = &s.service_accounts;
    if [executor, cause, strict].contains(&job) {
        return Err(OperatorError::Invalid {
            field: "service-accounts.job",
            found: job.clone(),
            expected: "another account than the others, which hold rights",
        });
    }
    Ok(())
}

/// Argo's executor lays a copy of itself, above 100 MiB, into each of its pods, and the kubelet counts that as the pod's. With
/// less room than this a stage that wrote nothing would be evicted, as if its student had filled the disk.
const LEAST_DISK: u64 = 256 << 20;

pub(super) fn numbers(settings: &Settings) -> Result<(), OperatorError> {
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
    let TrustedPods { cpu_milli, memory, deadline_seconds, ephemeral_storage } = settings.trusted_pods;
    let positive = [
        ("trusted-pods.cpu-milli", u64::from(cpu_milli)),
        ("trusted-pods.memory", memory.bytes()),
        ("trusted-pods.deadline-seconds", deadline_seconds),
        ("trusted-pods.ephemeral-storage", ephemeral_storage.bytes()),
        ("ceilings.ephemeral-storage", settings.ceilings.ephemeral_storage.bytes()),
        ("ceilings.cpu-milli", u64::from(settings.ceilings.cpu_milli)),
        ("ceilings.memory", settings.ceilings.memory.bytes()),
        ("ceilings.deadline-seconds", settings.ceilings.deadline_seconds),
        ("job-storage.size", settings.job_storage.size.bytes()),
        ("slack.start-seconds", settings.slack.start_seconds),
        ("job-deadline-seconds", settings.job_deadline_seconds),
    ];
    for (field, value) in positive {
        let too_long = field.ends_with("seconds") && i32::try_from(value).is_err();
        if value == 0 || too_long {
            return invalid(field, value, "a number above 0 (seconds: below 2147483648)");
        }
    }
    for (field, size) in [
        ("trusted-pods.ephemeral-storage", ephemeral_storage),
        ("ceilings.ephemeral-storage", settings.ceilings.ephemeral_storage),
    ] {
        if size.bytes() < LEAST_DISK {
            return invalid(
                field,
                size.bytes(),
                "at least 256Mi, since Argo's executor copies itself into each pod",
            );
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

pub(super) fn claims(settings: &Settings) -> Result<(), OperatorError> {
    let Claims { student, assignment_configuration, raw_submissions, private_results } = &settings.claims;
    let patterns = [
        (Volume::Student, "claims.student", student),
        (Volume::AssignmentConfiguration, "claims.assignment-configuration", assignment_configuration),
        (Volume::RawSubmissions, "claims.raw-submissions", raw_submissions),
        (Volume::PrivateResults, "claims.private-results", private_results),
    ];
    for (volume, field, pattern) in patterns {
        let expected = match (volume, pattern.placeholder()) {
            (Volume::Student, Some(Placeholder::Student)) => continue,
            (Volume::Student, _) => {
                "a pattern with `{student}`, so that each student has a claim of their own"
            }
            (_, Some(Placeholder::Student)) => "a claim of the course, without `{student}`",
            (_, Some(Placeholder::Course) | None) => continue,
        };
        return Err(OperatorError::Invalid { field, found: pattern.to_string(), expected });
    }
    for (i, (first, _, one)) in patterns.iter().enumerate() {
        for (second, _, other) in patterns.iter().skip(i + 1) {
            // Whether a student can have a claim of a course depends on the course: `Plan::new` asks that.
            let shared =
                if *first == Volume::Student { one.same_names(other) } else { one.may_share_a_name(other) };
            if shared {
                return Err(OperatorError::SharedClaim { first: *first, second: *second });
            }
        }
    }
    Ok(())
}
