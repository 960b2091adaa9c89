//! The mappings of an assignment and their keys: what the decoder knows and what the schema must agree with.

/// A mapping with fixed keys.
pub(crate) struct Shape {
    /// Its name, also in the JSON Schema.
    pub(crate) name: &'static str,
    /// Every key that it may have.
    pub(crate) keys: &'static [&'static str],
    /// Those that it must have.
    pub(crate) required: &'static [&'static str],
}

pub(crate) static ASSIGNMENT: Shape = Shape {
    name: "Assignment",
    keys: &[
        "apiVersion",
        "id",
        "title",
        "description",
        "salt",
        "image",
        "isolation",
        "submit",
        "schedule",
        "files",
        "build",
        "test",
        "samples",
    ],
    required: &["apiVersion", "id", "title", "image", "submit", "test"],
};
pub(crate) static SUBMIT: Shape = Shape {
    name: "Submit",
    keys: &["required", "allowed", "size", "unpacked", "files", "attempts", "cooldown"],
    required: &["required", "allowed", "size"],
};
pub(crate) static SCHEDULE: Shape =
    Shape { name: "Schedule", keys: &["zone", "opens", "due", "late"], required: &["zone"] };
pub(crate) static LATE: Shape = Shape { name: "Late", keys: &["penalty", "until"], required: &["until"] };
pub(crate) static BUILD: Shape =
    Shape { name: "Build", keys: &["run", "env", "network", "limits"], required: &["run"] };
pub(crate) static LIMITS: Shape =
    Shape { name: "Limits", keys: &["cpu", "wall", "memory", "processes", "output", "disk"], required: &[] };
pub(crate) static TEST: Shape = Shape {
    name: "Test",
    keys: &["mode", "run", "env", "network", "limits", "compare", "exit", "show", "cases"],
    required: &["mode", "cases"],
};
pub(crate) static CASE: Shape = Shape {
    name: "Case",
    keys: &[
        "name", "group", "run", "args", "stdin", "stdout", "exit", "compare", "points", "show", "from",
        "limits",
    ],
    required: &["points"],
};
pub(crate) static FILE: Shape = Shape { name: "File", keys: &["file"], required: &["file"] };
pub(crate) static FILES: Shape = Shape { name: "Files", keys: &["files"], required: &["files"] };
pub(crate) static COMPARE: Shape = Shape { name: "Numeric", keys: &["numeric"], required: &["numeric"] };
pub(crate) static TOLERANCE: Shape =
    Shape { name: "Tolerance", keys: &["absolute", "relative"], required: &[] };
pub(crate) static SAMPLE: Shape =
    Shape { name: "Sample", keys: &["points", "verdict", "cases"], required: &["points"] };

/// All of them.
#[cfg(test)]
pub(crate) static ALL: &[&Shape] = &[
    &ASSIGNMENT,
    &SUBMIT,
    &SCHEDULE,
    &LATE,
    &BUILD,
    &LIMITS,
    &TEST,
    &CASE,
    &FILE,
    &FILES,
    &COMPARE,
    &TOLERANCE,
    &SAMPLE,
];

/// Keys of pods and containers that people try when they look for a way around the isolation.
///
/// None of them exists here; they have a message of their own so that the author learns that this is not an oversight.
pub(crate) static FORBIDDEN: &[&str] = &[
    "affinity",
    "automountServiceAccountToken",
    "capabilities",
    "containers",
    "envFrom",
    "ephemeralContainers",
    "fsGroup",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "hostPort",
    "hostUsers",
    "imagePullSecrets",
    "initContainers",
    "nodeName",
    "nodeSelector",
    "podSpecPatch",
    "privileged",
    "runAsGroup",
    "runAsUser",
    "runtimeClassName",
    "secret",
    "secretKeyRef",
    "secretRef",
    "secrets",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "sidecars",
    "tolerations",
    "valueFrom",
    "volumeClaimTemplates",
    "volumeDevices",
    "volumeMounts",
    "volumes",
];
