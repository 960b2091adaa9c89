//! The admission policies that hold a cluster to the table, whoever creates what.
//!
//! Layouts in CEL (`admission/*.yaml.tera`) are filled from the contract's tables and the operator's settings; no table
//! is written there. Every value inserted is a checked name of the contract or the operator, or a number: nothing of an
//! author or student gets here, so nothing needs escaping that CEL or YAML would.

use std::sync::LazyLock;

use assay_contract::{Duty, Lifetime, Mount, Stage, Trust, Volume, layout};
use serde::Serialize;
use tera::Tera;

use crate::operator::{ClaimPattern, Operator, ServiceAccounts, Settings};
use crate::plan;
use crate::render::tag::Parameter;
use crate::render::wiring;

mod cel;

/// The policies could not be laid out: a bug in Assay.
#[derive(Debug, thiserror::Error)]
#[error("the admission policies cannot be laid out")]
pub struct AdmissionError(#[source] Box<tera::Error>);

const LAYOUTS: [(&str, &str); 3] = [
    ("pods.yaml", include_str!("admission/pods.yaml.tera")),
    ("workflows.yaml", include_str!("admission/workflows.yaml.tera")),
    ("around.yaml", include_str!("admission/around.yaml.tera")),
];

static PARSED: LazyLock<Result<Tera, tera::Error>> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.add_raw_templates(LAYOUTS)?;
    Ok(tera)
});

/// What the names of a duty's pods begin with. A connection into a pod is judged by this.
#[must_use]
pub fn duty_pod(duty: &str) -> String {
    format!("assay-{duty}-")
}

/// The policies and their bindings for an operator: several YAML documents, the same for the same settings to the byte.
///
/// # Errors
/// If a layout does not take the values, which no settings can cause.
pub fn policies(operator: &Operator) -> Result<String, AdmissionError> {
    lay_out(operator).map_err(|cause| AdmissionError(Box::new(cause)))
}

fn lay_out(operator: &Operator) -> Result<String, tera::Error> {
    let tera = PARSED.as_ref().map_err(|cause| tera::Error::message(cause.to_string()))?;
    let context = tera::Context::from_serialize(&Values::new(operator))?;
    let documents =
        LAYOUTS.iter().map(|(name, _)| tera.render(name, &context)).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<&str> = documents.iter().map(|text| text.trim_end()).collect();
    Ok(format!(
        "# Generated from the volume table and the operator's file by `assay admission`; do not edit.\n---\n{}\n",
        texts.join("\n---\n")
    ))
}

/// What the layouts are given; all but plain names are expressions of CEL.
#[derive(Serialize)]
struct Values {
    label_keys: String,
    stages: String,
    duties: String,
    users: String,
    trusted_user: u32,
    untrusted: String,
    key_holders: String,
    key_variable: &'static str,
    key_secret: String,
    key_key: String,
    stage_image: String,
    program: String,
    laid_program: String,
    account: String,
    executor: String,
    accounts: String,
    tokens: String,
    secrets: String,
    executor_users: String,
    student: String,
    guarded: String,
    named: String,
    courses: String,
    course_id: &'static str,
    desk_claims: String,
    own_home: String,
    job_volumes: String,
    claim_is_persistent: String,
    claim_is_guarded: String,
    template_name: String,
    parameters: String,
    student_id: &'static str,
    handed_in_default: String,
    job_class: String,
    task_fields: String,
    pod_patch: &'static str,
    duty_ids: String,
    duty_name: String,
}

/// [`assay_contract::StudentId`], [`assay_contract::AssignmentId`] as regular expressions; a test holds them together.
const STUDENT_ID: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
const COURSE_ID: &str = "^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$";
const NAME_ID: &str = "[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?";

/// What is rendered of a task or step.
const TASK: [&str; 6] = ["name", "template", "depends", "when", "continueOn", "arguments"];

/// The labels by which a pod is judged.
const JUDGED_BY: [&str; 4] =
    ["assay.dev/stage", "assay.dev/duty", "workflows.argoproj.io/workflow", "hub.jupyter.org/username"];

impl Values {
    fn new(operator: &Operator) -> Self {
        let settings = operator.settings();
        let Settings { namespace, stage_image, service_accounts, signing_key, job_storage, .. } = settings;
        let ServiceAccounts { job: _, executor, cause, strict } = service_accounts;
        let executors = [executor, cause, strict];
        let tokens: Vec<String> =
            executors.iter().map(|account| format!("{account}.service-account-token")).collect();
        let of_volume = "v.persistentVolumeClaim.claimName";
        let claims = Claims { operator };
        Self {
            label_keys: cel::list(JUDGED_BY),
            stages: cel::map(
                Stage::ALL.map(|stage| (stage.id(), row(&assay_contract::table::mounts(stage)))),
            ),
            duties: cel::map(Duty::ALL.map(|duty| (duty.id(), row(&duty.mounts())))),
            users: cel::map(Stage::ALL.map(|stage| (stage.id(), operator.user(stage).to_string()))),
            trusted_user: settings.users.trusted,
            untrusted: cel::list(
                Stage::ALL.into_iter().filter(|stage| stage.trust() == Trust::Untrusted).map(Stage::id),
            ),
            key_holders: cel::list(Stage::ALL.into_iter().filter(|stage| stage.holds_key()).map(Stage::id)),
            key_variable: layout::SIGNING_KEY,
            key_secret: signing_key.secret.clone(),
            key_key: signing_key.key.clone(),
            stage_image: stage_image.to_string(),
            program: plan::program(Trust::Trusted),
            laid_program: plan::program(Trust::Untrusted),
            account: service_accounts.job.clone(),
            executor: service_accounts.executor.clone(),
            accounts: cel::list(executors),
            tokens: cel::list(&tokens),
            secrets: cel::list(tokens.iter().chain([&signing_key.secret])),
            executor_users: cel::list(
                executors.iter().map(|account| format!("system:serviceaccount:{namespace}:{account}")),
            ),
            student: claims.is_students(of_volume),
            guarded: claims.is_guarded(of_volume),
            named: claims.named(of_volume),
            courses: claims.courses(),
            course_id: COURSE_ID,
            desk_claims: claims
                .of_courses(Duty::Desk.mounts().into_iter().map(|mount| mount.volume), of_volume),
            own_home: cel::fill(&settings.claims.student, "variables.labels['hub.jupyter.org/username']"),
            job_volumes: cel::list(job_volumes().map(Volume::id)),
            claim_is_persistent: claims.is_persistent("c"),
            claim_is_guarded: claims.is_guarded("c"),
            template_name: format!("{}-{NAME_ID}-[0-9a-f]{{8}}$", COURSE_ID.trim_end_matches('$')),
            parameters: cel::list(Parameter::ALL.map(Parameter::name)),
            student_id: STUDENT_ID,
            handed_in_default: Parameter::HandedIn.default().map(|tag| tag.to_string()).unwrap_or_default(),
            job_class: job_storage.class.clone(),
            task_fields: cel::list(TASK),
            pod_patch: wiring::POD_PATCH,
            duty_ids: cel::list(Duty::ALL.map(Duty::id)),
            // Kubernetes adds five letters and digits. Names of other pods end otherwise: in a stage, or a longer number of Argo's.
            duty_name: format!("'^{}[a-z0-9]{{5}}$'", duty_pod("' + d + '")),
        }
    }
}

/// A row of either table: which volumes, and whether read only.
fn row(mounts: &[Mount]) -> String {
    cel::map(mounts.iter().map(|mount| (mount.volume.id(), mount.access.is_read_only().to_string())))
}

fn job_volumes() -> impl Iterator<Item = Volume> {
    Volume::ALL.into_iter().filter(|volume| volume.lifetime() == Lifetime::Job)
}

/// Expressions on names of claims. In each, `claim` is an expression that gives the name.
struct Claims<'a> {
    operator: &'a Operator,
}

impl Claims<'_> {
    fn course_patterns(&self) -> [(Volume, &ClaimPattern); 3] {
        let claims = &self.operator.settings().claims;
        [
            (Volume::AssignmentConfiguration, &claims.assignment_configuration),
            (Volume::RawSubmissions, &claims.raw_submissions),
            (Volume::PrivateResults, &claims.private_results),
        ]
    }

    /// Whether the name is one of a student's claim.
    fn is_students(&self, claim: &str) -> String {
        let student = cel::matches(&self.operator.settings().claims.student, claim);
        if self.students_come_first() {
            student
        } else {
            format!("({student} && !({}))", self.course_or_job(claim))
        }
    }

    /// Whether the name is one of a course's or a job's claim.
    fn is_guarded(&self, claim: &str) -> String {
        if self.students_come_first() {
            format!("(!{} && ({}))", self.is_students(claim), self.course_or_job(claim))
        } else {
            format!("({})", self.course_or_job(claim))
        }
    }

    /// Where students' names begin with words of their own, no course and no job may begin with them (`Plan::new` and the
    /// policy on jobs see to that), so a student called `x-testing` keeps a home. Otherwise such a home cannot be mounted.
    fn students_come_first(&self) -> bool {
        !self.operator.settings().claims.student.around().0.is_empty()
    }

    fn course_or_job(&self, claim: &str) -> String {
        let ids: Vec<&str> = job_volumes().map(Volume::id).collect();
        let courses = self.of_courses(self.course_patterns().map(|(volume, _)| volume), claim);
        format!("{courses} || {claim}.matches('^.+-({})$')", ids.join("|"))
    }

    /// Whether the name is one of these volumes' claims, of whatever course.
    fn of_courses(&self, volumes: impl IntoIterator<Item = Volume>, claim: &str) -> String {
        let wanted: Vec<Volume> = volumes.into_iter().collect();
        let parts: Vec<String> = self
            .course_patterns()
            .into_iter()
            .filter(|(volume, _)| wanted.contains(volume))
            .map(|(_, pattern)| cel::matches(pattern, claim))
            .collect();
        format!("({})", parts.join(" || "))
    }

    /// Whether the name could be a student's or a course's.
    fn is_persistent(&self, claim: &str) -> String {
        let courses = self.of_courses(self.course_patterns().map(|(volume, _)| volume), claim);
        format!("{} || {courses}", cel::matches(&self.operator.settings().claims.student, claim))
    }

    /// Whether the claim of the volume `v` is the one that the volume's name stands for.
    fn named(&self, claim: &str) -> String {
        let mut text = format!("v.name == '{}' ? {}", Volume::Student, self.is_students(claim));
        for (volume, pattern) in self.course_patterns() {
            text.push_str(&format!(
                " : v.name == '{volume}' ? {} && !{}",
                cel::matches(pattern, claim),
                self.is_students(claim)
            ));
        }
        text.push_str(&format!(
            " : variables.jobs.size() == 1 && {claim} == variables.jobs[0] + '-' + v.name && !({})",
            self.is_persistent(claim)
        ));
        text
    }

    /// The courses whose claims a pod mounts.
    fn courses(&self) -> String {
        let claim = "v.persistentVolumeClaim.claimName";
        let lists = self.course_patterns().into_iter().filter_map(|(_, pattern)| {
            pattern.placeholder()?;
            let (before, after) = pattern.around();
            Some(format!(
                "variables.guarded.filter(v, {}).map(v, {claim}.substring({}, {claim}.size() - {}))",
                cel::matches(pattern, claim),
                before.len(),
                after.len()
            ))
        });
        let lists: Vec<String> = lists.collect();
        if lists.is_empty() { "[]".into() } else { lists.join(" + ") }
    }
}

#[cfg(test)]
mod tests;
