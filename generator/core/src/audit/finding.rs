//! What an audit says.

use std::fmt;

use assay_contract::Stage;
use serde::Serialize;
use serde_json::Value;

use super::path::Path;

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// In which document of the text, counted from 1.
    pub document: usize,
    /// Which stage it concerns, where it concerns one.
    pub stage: Option<Stage>,
    /// The template of the workflow it is in; empty outside all of them.
    pub template: String,
    /// The field, as a path from the document's root.
    pub field: String,
    /// What differs: expected against found.
    pub message: String,
    /// What to do, or why it matters.
    pub hint: &'static str,
}

impl Finding {
    pub(super) fn new(code: Code, path: &Path, message: String) -> Self {
        Self {
            code,
            document: 1,
            stage: path.stage(),
            template: visible(path.template().unwrap_or_default()),
            field: path.to_string(),
            message,
            hint: code.hint(),
        }
    }
}

macro_rules! codes {
    ($(#[doc = $summary:literal] $code:ident => $hint:literal,)*) => {
        /// What kind of thing a finding names; kebab-case in JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $(#[doc = $summary] $code,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$code,)*];

            /// What it is, in a sentence.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$code => $summary.trim_ascii(),)* }
            }

            /// What to do about it, or why it matters.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Code::$code => $hint,)* }
            }
        }
    };
}

codes! {
    /// The text is not YAML that can be read safely.
    Unreadable => "write plain YAML: no duplicate or merge keys, no tags of its own",
    /// A document is something else than a WorkflowTemplate.
    NotATemplate => "jobs come from WorkflowTemplates alone; a Workflow or another kind can bypass what is checked here",
    /// What the assignment decides is missing or not allowed.
    Described => "render the template again from its assignment",
    /// A stage mounts what its row does not give it.
    MountExtra => "a stage mounts its row of the table and nothing else; remove the mount and its volume",
    /// A stage lacks a mount of its row.
    MountMissing => "add the mount as the table has it",
    /// A volume is mounted twice.
    MountDuplicate => "a volume is mounted once, at its own path",
    /// A mount that the table gives read-only can be written.
    MountWritable => "set `readOnly: true` on the mount and on the volume's source",
    /// A mount that the table gives for writing has another access.
    MountAccess => "remove `readOnly`; the table lets this stage write here",
    /// A volume is mounted at another path.
    MountPath => "stages find volumes at `/volumes/<id>`",
    /// A mount has an option beside name, path and `readOnly`.
    MountOption => "whole volumes are mounted, without subPath or propagation",
    /// A pod has a volume that its row does not give it.
    VolumeExtra => "Argo's own container mounts every volume of the pod; remove it",
    /// A pod lacks a volume of its row.
    VolumeMissing => "add the volume as the table has it",
    /// A volume is declared twice.
    VolumeDuplicate => "declare each volume once",
    /// A volume is something else than a plain claim.
    VolumeKind => "volumes are persistentVolumeClaims: no emptyDir, hostPath, secret, configMap, projected, csi or ephemeral",
    /// A volume that the table gives read-only can be written at its source.
    SourceWritable => "set `persistentVolumeClaim.readOnly: true`: Argo's own container mounts the volume again, for writing",
    /// A volume that the table gives for writing has another access at its source.
    SourceAccess => "remove `persistentVolumeClaim.readOnly`; the table lets this stage write here",
    /// A volume is another claim.
    Claim => "claims are named by the operator's patterns",
    /// Init containers.
    InitContainer => "remove it: it would see the stage's volumes",
    /// Sidecars.
    Sidecar => "remove it: it would see the stage's volumes and share its network",
    /// A set of containers.
    ContainerSet => "each stage is one container in a pod of its own",
    /// A script.
    Script => "stages run the stage tool; scripts take text that Argo substitutes into code",
    /// A template that makes, reads or removes a Kubernetes object differs.
    Resource => "only the steps of Assay's own touch Kubernetes objects; a pod made another way could mount anything",
    /// The manifest of a Kubernetes object differs.
    Manifest => "render the template again from its assignment; what a manifest says decides what its pod may do",
    /// A volume in a manifest that is not expected, or a manifest that cannot be opened.
    ManifestVolume => "remove the manifest; its pod would see what no row gives",
    /// Another kind of template, or a task that brings its own.
    TemplateKind => "templates are the three DAGs, the exit handler, the five stages and the steps of Assay's own; nothing is inlined or taken from elsewhere",
    /// A lifecycle hook.
    Hook => "remove it: it would run beside the stages",
    /// An exit handler.
    ExitHandler => "`rescue` alone handles exits: it concludes a job that did not come to its end",
    /// A patch of the pod.
    PodSpecPatch => "remove it: a patch can undo everything that is checked here",
    /// Environment differs.
    Environment => "only Setup and Finalise have a variable, the signing key",
    /// Environment taken from a Secret or ConfigMap as a whole.
    EnvFrom => "remove it: it brings in whatever the object holds",
    /// Outputs differ.
    Outputs => "trusted stages leave the facts of the contract; untrusted ones leave none, for Argo would follow their links",
    /// Artifacts.
    Artifacts => "remove them: files travel through the volumes alone",
    /// Logs are archived.
    ArchiveLogs => "set `archiveLogs: false`: Argo opens the logs where student code ran",
    /// Another service account.
    ServiceAccount => "pods run as the account without rights",
    /// A service-account token would be mounted.
    TokenMounted => "set `automountServiceAccountToken: false`",
    /// Another account for Argo's own container.
    Executor => "Argo's own container uses the account that the operator has for it",
    /// A pod would share something of its node.
    HostAccess => "remove it: stages share nothing with their node",
    /// A pod could look up names.
    Names => "set `dnsPolicy: None` and the one nameserver that answers nothing; no stage needs a name",
    /// Where pods run differs.
    Placement => "nodes, taints and the RuntimeClass are the operator's to choose",
    /// Confinement of a pod or container differs.
    SecurityContext => "pods satisfy Pod Security `restricted`, run as the operator's users and set no fsGroup",
    /// Another image.
    Image => "trusted stages run the operator's stage image, Verify and Test one image of the author's",
    /// Another program.
    Command => "stages run the stage tool",
    /// Another command line.
    Arguments => "stages are told the facts of the contract, in order",
    /// Memory or CPU differ.
    Resources => "requests equal limits; Verify and Test have what they need, the slack, and at most the ceilings",
    /// Another deadline.
    Deadline => "deadlines follow from needs, slack and ceilings",
    /// Another retry.
    Retry => "only Results and Finalise are tried again; Argo forgets the exit code of what it retries",
    /// A template too many, too few or twice.
    Template => "templates are the three DAGs, the exit handler, the five stages and the steps of Assay's own",
    /// Tasks differ.
    DagShape => "tasks are fixed: setup, then verify, test, results and finalise behind the locks",
    /// What a task waits for differs.
    Condition => "Verify runs when Setup accepted, Test after a Verify that succeeded, Cause where a stage ended without a word, Remove where a pod was made, Results and Finalise always",
    /// Parameters differ.
    Parameters => "parameters are checked ids and digests, and what trusted stages left; an unguarded tag can hang a job",
    /// Locks differ.
    Synchronization => "the student's mutex is on `turn`, the cap on `graded`",
    /// Claims of the job differ.
    ClaimTemplate => "the six volumes of a job are claims of the operator's storage class",
    /// Another entry point.
    Entrypoint => "jobs begin at the DAG `job`",
    /// Names, labels or annotations differ.
    Metadata => "names, labels and annotations follow from assignment and revision",
    /// What happens after a job differs.
    CleanUp => "pods, claims and jobs go as the operator decided",
    /// A field that no template of Assay has.
    UnknownField => "remove it; what is not known here is not allowed",
    /// A field that every template of Assay has.
    MissingField => "render the template again from its assignment",
    /// A field with another value.
    ValueDiffers => "render the template again from its assignment",
    /// Items in another order.
    Order => "render the template again from its assignment",
}

impl Code {
    /// The code of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.to_string() == id)
    }
}

/// Its name in kebab-case, as in JSON.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, c) in format!("{self:?}").char_indices() {
            if index > 0 && c.is_ascii_uppercase() {
                f.write_str("-")?;
            }
            write!(f, "{}", c.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// A value for a message: on one line, cut, with nothing in it that a terminal would act on.
pub(super) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".into(), |value| visible(&value.to_string()))
}

/// Text for a message, as [`shown`].
pub(super) fn visible(text: &str) -> String {
    const MOST: usize = 160;
    let mut out = String::new();
    for c in text.chars().take(MOST) {
        if c.is_ascii_graphic() || c == ' ' { out.push(c) } else { out.extend(c.escape_debug()) }
    }
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}
