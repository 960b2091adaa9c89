//! WorkflowTemplates: one for each revision, created and never changed.
//!
//! Jobs that run are held to the template that they were started from, so a template is immutable, its title included.
//! What the API server answers is audited like anybody's template: first of a trial that changes nothing, then of what
//! is there. One annotation beside all that says when a revision was published last, since an earlier one can be
//! published again; new jobs take the one that was published last.

use assay_contract::queue::Notice;
use assay_contract::{API_VERSION, AssignmentId};
use assay_core::audit::{self, Finding};
use assay_core::render::Checked;
use jiff::{SignedDuration, Timestamp};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use similar::TextDiff;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::rights::Right;

/// Who is said to have made it.
const MANAGER: &str = "assay";
const ASSIGNMENT: &str = "assay.dev/assignment";
const REVISION: &str = "assay.dev/revision";
const TITLE: &str = "workflows.argoproj.io/title";
/// The annotation that says when a revision was published again; without it, it was when the template was created.
pub const PUBLISHED: &str = "assay.dev/published";
/// The annotation that holds a [`Notice`].
pub const NOTICE: &str = "assay.dev/notice";
/// What the API server and its clients add to an object.
const ADDED: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

/// A published revision's template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Of which assignment, `<course>/<name>`; empty where the template does not say it.
    pub assignment: String,
    /// The revision, 64 digits; empty where the template does not say it.
    pub revision: String,
    /// Its title.
    pub title: String,
    /// When it was published last.
    pub published: Option<Timestamp>,
    /// What the queue server was told of it; `None` where that is nothing, or of another version.
    pub notice: Option<Notice>,
    document: Value,
}

/// What became of a template that was to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is there now.
    New,
    /// It was there, the same.
    Same,
    /// It was there with another title or description, which it keeps.
    SameButTexts,
}

impl Template {
    pub(crate) fn of(object: &DynamicObject) -> Result<Template, ClusterError> {
        let mut document =
            serde_json::to_value(object).map_err(|error| ClusterError::Bug(Box::new(error)))?;
        if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in ADDED {
                metadata.remove(field);
            }
            // They tell nothing of what jobs do, and are in no text that is rendered.
            if let Some(all) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                all.remove(PUBLISHED);
                all.remove(NOTICE);
            }
        }
        let annotation = |key| {
            object.metadata.annotations.as_ref().and_then(|all| all.get(key)).cloned().unwrap_or_default()
        };
        let created = object.metadata.creation_timestamp.as_ref().map(|time| time.0);
        Ok(Template {
            name: object.metadata.name.clone().unwrap_or_default(),
            assignment: annotation(ASSIGNMENT),
            revision: annotation(REVISION),
            title: annotation(TITLE),
            published: created.max(annotation(PUBLISHED).parse().ok()),
            notice: serde_json::from_str(&annotation(NOTICE))
                .ok()
                .filter(|notice: &Notice| notice.api_version == API_VERSION),
            document,
        })
    }

    fn findings(&self, cluster: &Cluster) -> Vec<Finding> {
        audit::audit(&self.document.to_string(), cluster.operator())
    }
}

/// The templates of an assignment, the one that was published last first.
///
/// # Errors
/// If they cannot be listed.
pub async fn published(cluster: &Cluster, assignment: &AssignmentId) -> Result<Vec<Template>, ClusterError> {
    let of_assignment = ListParams::default().labels(&format!(
        "assay.dev/course={},assay.dev/assignment={}",
        assignment.course(),
        assignment.name()
    ));
    let templates = Kind::WorkflowTemplate.api(cluster);
    let found = cluster.list(Right::LIST_TEMPLATES, &templates, &of_assignment).await?;
    let mut found = found.iter().map(Template::of).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| b.published.cmp(&a.published).then_with(|| a.name.cmp(&b.name)));
    Ok(found)
}

/// Makes the template that new jobs take; whether it was another one before.
///
/// # Errors
/// If the templates cannot be listed, or this one not be marked.
pub async fn make_current(
    cluster: &Cluster,
    assignment: &AssignmentId,
    checked: &Checked,
) -> Result<bool, ClusterError> {
    let published = published(cluster, assignment).await?;
    let Some(current) = published.first().filter(|current| current.name != checked.name()) else {
        return Ok(false);
    };
    // Authors' clocks differ: whatever this one says, it is later than what was current until now.
    let later = current.published.and_then(|at| at.checked_add(SignedDuration::from_secs(1)).ok());
    let at = Some(Timestamp::now()).max(later).unwrap_or_default();
    let mark = Patch::Merge(json!({"metadata": {"annotations": {PUBLISHED: at.to_string()}}}));
    let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    let templates = Kind::WorkflowTemplate.api(cluster);
    cluster.ask(Right::MARK_TEMPLATE, templates.patch_metadata(checked.name(), &parameters, &mark)).await?;
    Ok(true)
}

/// Tells the queue server of a published template.
///
/// # Errors
/// If the template cannot be marked.
pub async fn tell(cluster: &Cluster, checked: &Checked, notice: &Notice) -> Result<(), ClusterError> {
    let notice = serde_json::to_string(notice).map_err(|error| ClusterError::Bug(Box::new(error)))?;
    let mark = Patch::Merge(json!({"metadata": {"annotations": {NOTICE: notice}}}));
    let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    let templates = Kind::WorkflowTemplate.api(cluster);
    cluster
        .ask(Right::MARK_TEMPLATE, templates.patch_metadata(checked.name(), &parameters, &mark))
        .await
        .map(drop)
}

/// How `after` differs from `before`, as a unified difference of YAML with sorted fields; empty where it does not.
///
/// # Errors
/// Only by a bug: both have been read before.
pub fn difference(before: Option<&Template>, after: &Checked) -> Result<String, ClusterError> {
    let old = before.map_or(Ok(String::new()), |template| yaml(&template.document))?;
    let new = yaml(&document(after)?)?;
    let name = before.map_or("nothing", |template| template.name.as_str());
    Ok(TextDiff::from_lines(&old, &new).unified_diff().header(name, after.name()).to_string())
}

/// Creates the template, or finds it there.
///
/// # Errors
/// [`ClusterError::TemplateDiffers`] if another one has its name, [`ClusterError::TemplateChanged`] if the cluster makes
/// something else of it; nothing is created then.
pub async fn apply(cluster: &Cluster, checked: &Checked) -> Result<Applied, ClusterError> {
    let wanted = document(checked)?;
    let templates = Kind::WorkflowTemplate.api(cluster);
    if let Some(there) = cluster.ask_for(Right::GET_TEMPLATE, templates.get(checked.name())).await? {
        return compare(cluster, &Template::of(&there)?, &wanted);
    }
    let object: DynamicObject =
        serde_json::from_value(wanted.clone()).map_err(|error| ClusterError::Bug(Box::new(error)))?;
    // What the cluster would make of it is known before it is there.
    for dry_run in [true, false] {
        let parameters = PostParams { dry_run, field_manager: Some(MANAGER.into()) };
        match cluster.ask(Right::CREATE_TEMPLATE, templates.create(&parameters, &object)).await {
            Ok(created) => unchanged(cluster, &Template::of(&created)?, &wanted)?,
            // Somebody was first.
            Err(error) if error.is_taken() => {
                let there = cluster.ask(Right::GET_TEMPLATE, templates.get(checked.name())).await?;
                return compare(cluster, &Template::of(&there)?, &wanted);
            }
            Err(error) => return Err(error),
        }
    }
    let there = cluster.ask(Right::GET_TEMPLATE, templates.get(checked.name())).await?;
    unchanged(cluster, &Template::of(&there)?, &wanted)?;
    Ok(Applied::New)
}

fn unchanged(cluster: &Cluster, there: &Template, wanted: &Value) -> Result<(), ClusterError> {
    let finding = there.findings(cluster).into_iter().next();
    if finding.is_none() && there.document == *wanted {
        return Ok(());
    }
    let what = finding.map_or_else(
        || "it is another template".to_owned(),
        |Finding { field, message, .. }| format!("{field}: {message}"),
    );
    Err(ClusterError::TemplateChanged { name: there.name.clone(), what })
}

fn compare(cluster: &Cluster, there: &Template, wanted: &Value) -> Result<Applied, ClusterError> {
    if there.document == *wanted {
        return Ok(Applied::Same);
    }
    // Title and description are for people: a difference in them changes no job.
    let without_texts = |document: &Value| {
        let mut document = document.clone();
        if let Some(annotations) =
            document.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
        {
            annotations.retain(|key, _| !key.starts_with("workflows.argoproj.io/"));
        }
        document
    };
    let same = without_texts(&there.document) == without_texts(wanted);
    if same && there.findings(cluster).is_empty() {
        return Ok(Applied::SameButTexts);
    }
    Err(ClusterError::TemplateDiffers { name: there.name.clone() })
}

fn document(checked: &Checked) -> Result<Value, ClusterError> {
    serde_saphyr::from_str(checked.text()).map_err(|error| ClusterError::Bug(Box::new(error)))
}

fn yaml(document: &Value) -> Result<String, ClusterError> {
    serde_saphyr::to_string(document).map_err(|error| ClusterError::Bug(Box::new(error)))
}
