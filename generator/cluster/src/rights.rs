//! The rights that this crate uses, and the Roles that hold them.
//!
//! Manifests, messages about missing rights and the check of an installation take them from here.

use std::fmt;

/// A Role of people in the jobs' namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Tutors: submit, status, result.
    Staff,
    /// Authors, beside it: publish.
    Publisher,
    /// The sweeper, a program: starts again what came to no conclusion. It lives in a namespace of its own, since whoever
    /// may make pods beside it could run one as this account.
    Sweeper,
    /// The queue server, a program that students talk to: takes requests, starts their jobs, says how they ended. It lives
    /// in a namespace of its own too.
    Queue,
}

impl Role {
    /// All Roles.
    pub const ALL: [Role; 4] = [Role::Staff, Role::Publisher, Role::Sweeper, Role::Queue];

    /// Its name in the cluster.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::Staff => "assay-staff",
            Role::Publisher => "assay-publisher",
            Role::Sweeper => "assay-sweeper",
            Role::Queue => "assay-queue",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A right in the jobs' namespace: to do `verb` to `resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// As RBAC names it.
    pub verb: &'static str,
    /// The API group; empty is Kubernetes' own.
    pub group: &'static str,
    /// As RBAC names it: `pods`, `pods/attach`.
    pub resource: &'static str,
    /// The one object that it is about; `None` for all of the namespace.
    pub name: Option<&'static str>,
    /// Who has it; publishers are staff too, and the sweeper has most of what staff have.
    pub role: Role,
}

/// Argo's API group.
pub const ARGO: &str = "argoproj.io";
/// Our own API group.
pub const OURS: &str = "assay.dev";
/// The ConfigMap that holds the operator's file.
pub const OPERATOR_MAP: &str = "assay-operator";
/// The ConfigMap that says how many jobs may run at once; the operator's file can name another.
pub const LIMITS_MAP: &str = "assay-limits";

macro_rules! rights {
    ($($(#[$doc:meta])* $constant:ident = $verb:literal $resource:literal of $group:expr, $name:expr, $role:expr;)*) => {
        impl Right {
            $($(#[$doc])* pub const $constant: Right =
                Right { verb: $verb, group: $group, resource: $resource, name: $name, role: $role };)*

            /// Every right that is used.
            pub const ALL: &'static [Right] = &[$(Right::$constant),*];
        }
    };
}

rights! {
    /// Reading the operator's file.
    READ_OPERATOR = "get" "configmaps" of "", Some(OPERATOR_MAP), Role::Staff;
    /// Starting an administrative pod.
    CREATE_POD = "create" "pods" of "", None, Role::Staff;
    /// Waiting for it.
    GET_POD = "get" "pods" of "", None, Role::Staff;
    /// Finding what an interrupted command left, and why a job's pods wait.
    LIST_PODS = "list" "pods" of "", None, Role::Staff;
    /// Removing it.
    DELETE_POD = "delete" "pods" of "", None, Role::Staff;
    /// Talking to it; from Kubernetes 1.35 on.
    CREATE_ATTACH = "create" "pods/attach" of "", None, Role::Staff;
    /// Talking to it; before.
    GET_ATTACH = "get" "pods/attach" of "", None, Role::Staff;
    /// Seeing whether a claim is there.
    GET_CLAIM = "get" "persistentvolumeclaims" of "", None, Role::Staff;
    /// Comparing with what is published.
    GET_TEMPLATE = "get" "workflowtemplates" of ARGO, None, Role::Staff;
    /// Finding what is published.
    LIST_TEMPLATES = "list" "workflowtemplates" of ARGO, None, Role::Staff;
    /// Publishing a revision.
    CREATE_TEMPLATE = "create" "workflowtemplates" of ARGO, None, Role::Publisher;
    /// Saying that an earlier revision was published again; admission lets annotations change and nothing else.
    MARK_TEMPLATE = "patch" "workflowtemplates" of ARGO, None, Role::Publisher;
    /// Starting a job.
    CREATE_JOB = "create" "workflows" of ARGO, None, Role::Staff;
    /// Following a job.
    GET_JOB = "get" "workflows" of ARGO, None, Role::Staff;
    /// Listing an assignment's jobs.
    LIST_JOBS = "list" "workflows" of ARGO, None, Role::Staff;
    /// Making room for a job that is to run again.
    DELETE_JOB = "delete" "workflows" of ARGO, None, Role::Sweeper;
    /// Finding claims that jobs left.
    LIST_CLAIMS = "list" "persistentvolumeclaims" of "", None, Role::Sweeper;
    /// Taking a request.
    CREATE_REQUEST = "create" "requests" of OURS, None, Role::Queue;
    /// Finding it again.
    GET_REQUEST = "get" "requests" of OURS, None, Role::Queue;
    /// Knowing all of them.
    LIST_REQUESTS = "list" "requests" of OURS, None, Role::Queue;
    /// Hearing of new ones.
    WATCH_REQUESTS = "watch" "requests" of OURS, None, Role::Queue;
    /// Moving one on.
    MOVE_REQUEST = "update" "requests/status" of OURS, None, Role::Queue;
    /// Forgetting one, weeks after its conclusion.
    DELETE_REQUEST = "delete" "requests" of OURS, None, Role::Queue;
    /// Hearing how jobs go on.
    WATCH_JOBS = "watch" "workflows" of ARGO, None, Role::Queue;
    /// Telling tutors in Argo's UI how a job ended; admission lets title and labels change and nothing else.
    LABEL_JOB = "patch" "workflows" of ARGO, None, Role::Queue;
    /// Hearing what is published.
    WATCH_TEMPLATES = "watch" "workflowtemplates" of ARGO, None, Role::Queue;
    /// Reading how many jobs may run at once.
    READ_LIMITS = "get" "configmaps" of "", Some(LIMITS_MAP), Role::Queue;
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Right { verb, group, resource, name, role: _ } = self;
        write!(f, "{verb} {resource}")?;
        if !group.is_empty() {
            write!(f, ".{group}")?;
        }
        name.map_or(Ok(()), |name| write!(f, " {name}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use k8s_openapi::api::rbac::v1::Role as Written;

    use super::*;

    /// What people's Roles hold beside: for Argo's own command line and UI, and for what messages tell authors to do.
    const BESIDE: [(Role, &str); 11] = [
        (Role::Staff, "watch workflows.argoproj.io"),
        (Role::Staff, "patch workflows.argoproj.io"),
        (Role::Staff, "update workflows.argoproj.io"),
        (Role::Staff, "watch workflowtemplates.argoproj.io"),
        (Role::Staff, "list workfloweventbindings.argoproj.io"),
        (Role::Staff, "watch pods"),
        (Role::Staff, "get pods/log"),
        (Role::Staff, "create duties.assay.dev hand-in"),
        (Role::Staff, "create duties.assay.dev read"),
        (Role::Publisher, "delete workflowtemplates.argoproj.io"),
        (Role::Publisher, "create duties.assay.dev publish"),
    ];
    /// What the sweeper does of what people do too, and its duty.
    const SWEEPERS: [Right; 11] = [
        Right::READ_OPERATOR,
        Right::CREATE_POD,
        Right::GET_POD,
        Right::LIST_PODS,
        Right::DELETE_POD,
        Right::CREATE_ATTACH,
        Right::GET_ATTACH,
        Right::GET_CLAIM,
        Right::LIST_TEMPLATES,
        Right::CREATE_JOB,
        Right::GET_JOB,
    ];

    /// What the queue server does of what people do too.
    const QUEUES: [Right; 6] = [
        Right::READ_OPERATOR,
        Right::GET_CLAIM,
        Right::LIST_TEMPLATES,
        Right::CREATE_JOB,
        Right::GET_JOB,
        Right::LIST_JOBS,
    ];

    /// What a Role grants in a file of `deploy/`, right by right.
    fn granted(file: &str, role: Role) -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file);
        let documents: Vec<serde_json::Value> =
            serde_saphyr::from_multiple(&std::fs::read_to_string(path).unwrap()).unwrap();
        let written = documents
            .into_iter()
            .filter(|document| document["kind"] == "Role" && document["metadata"]["name"] == role.name());
        let rules =
            written.flat_map(|document| serde_json::from_value::<Written>(document).unwrap().rules.unwrap());
        let mut granted = BTreeSet::new();
        for rule in rules {
            let groups = rule.api_groups.unwrap();
            let names =
                rule.resource_names.map_or_else(|| vec![None], |names| names.into_iter().map(Some).collect());
            for verb in &rule.verbs {
                for group in &groups {
                    for resource in rule.resources.iter().flatten() {
                        for name in &names {
                            let dot = if group.is_empty() { "" } else { "." };
                            let name = name.as_ref().map_or(String::new(), |name| format!(" {name}"));
                            granted.insert(format!("{verb} {resource}{dot}{group}{name}"));
                        }
                    }
                }
            }
        }
        granted
    }

    #[test]
    fn people_have_what_commands_and_argos_tools_use_and_no_more() {
        for role in [Role::Staff, Role::Publisher] {
            let used = Right::ALL.iter().filter(|right| right.role == role).map(ToString::to_string);
            let beside = BESIDE.iter().filter(|(of, _)| *of == role).map(|(_, right)| (*right).to_owned());
            assert_eq!(granted("base/people.yaml", role), used.chain(beside).collect(), "{role}");
        }
    }

    #[test]
    fn the_sweeper_has_what_it_uses_and_no_more() {
        let own = Right::ALL.iter().filter(|right| right.role == Role::Sweeper);
        let used = own.chain(&SWEEPERS).map(ToString::to_string);
        let used = used.chain(["create duties.assay.dev sweep".into()]).collect();
        assert_eq!(granted("components/sweeper/rights.yaml", Role::Sweeper), used);
    }

    #[test]
    fn the_queue_server_has_what_it_uses_and_no_more() {
        let own = Right::ALL.iter().filter(|right| right.role == Role::Queue);
        let used = own.chain(&QUEUES).map(ToString::to_string).collect();
        assert_eq!(granted("components/queue/rights.yaml", Role::Queue), used);
    }

    #[test]
    fn no_person_may_remove_what_ran_and_nobody_a_claim() {
        for right in Right::ALL {
            let destructive = matches!(right.verb, "delete" | "update" | "patch" | "deletecollection");
            // Admission lets a template's annotations, and a job's title and labels, change and nothing else.
            let marks = [Right::MARK_TEMPLATE, Right::LABEL_JOB].contains(right);
            let removes_jobs = destructive && !marks && right.resource == "workflows";
            assert!(!removes_jobs || (right.role == Role::Sweeper && right.verb == "delete"), "{right}");
            // Requests are the queue server's own.
            let own = right.role == Role::Queue && right.group == OURS;
            assert!(!destructive || removes_jobs || marks || own || right.resource == "pods", "{right}");
        }
    }
}
