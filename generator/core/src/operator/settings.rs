//! The operator's file, as written. Each part has defaults; an unknown field is an error.

use serde::{Deserialize, Serialize};

use super::nodes::Nodes;
use super::{ClaimPattern, Image, Placeholder, Quantity};
use crate::isolation::Isolation;

macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

part! {
    /// The operator's file.
    Settings {
        /// The namespace in which jobs run and students' claims are.
        namespace: String = "assay-jobs".into(),
        /// The image of trusted stages.
        stage_image: Image = Image::of_this_version(),
        /// What claims are called.
        claims: Claims = Claims::default(),
        /// Where volumes of a job come from.
        job_storage: JobStorage = JobStorage::default(),
        /// Who stages run as.
        users: Users = Users::default(),
        /// The most that Verify and Test may ask for.
        ceilings: Ceilings = Ceilings::default(),
        /// What Setup, Results and Finalise get.
        trusted_pods: TrustedPods = TrustedPods::default(),
        /// What a pod gets beyond what its stage needs.
        slack: Slack = Slack::default(),
        /// Kubernetes accounts.
        service_accounts: ServiceAccounts = ServiceAccounts::default(),
        /// Where the signing key is.
        signing_key: SigningKey = SigningKey::default(),
        /// Where the number of jobs that may run at once is.
        cap: Cap = Cap::default(),
        /// How long what has ended stays.
        keep: Keep = Keep::default(),
        /// How strongly Verify and Test are isolated.
        isolation: IsolationPolicy = IsolationPolicy::default(),
        /// Where pods may run.
        nodes: Nodes = Nodes::default(),
        /// The registries that authors may take images from, `host` or `host:port`; any, where none is named.
        registries: Vec<String> = vec![],
        /// Until when a whole job must have ended, its wait for the student's other jobs and for the cap included.
        job_deadline_seconds: u64 = 3 * 86_400,
    }
}

part! {
    /// Patterns of claim names.
    Claims {
        /// A student's own claim; `{student}` stands for the student.
        student: ClaimPattern = ClaimPattern::known("claim-", Placeholder::Student, ""),
        /// Published assignments; `{course}` stands for the course.
        assignment_configuration: ClaimPattern = ClaimPattern::known("", Placeholder::Course, "-assignment-configuration"),
        /// Snapshots.
        raw_submissions: ClaimPattern = ClaimPattern::known("", Placeholder::Course, "-raw-submissions"),
        /// Answers, results, gradebook.
        private_results: ClaimPattern = ClaimPattern::known("", Placeholder::Course, "-private-results"),
    }
}

part! {
    /// Where the six volumes of a job come from.
    JobStorage {
        /// Their storage class; it must serve ReadWriteMany to users other than root, without an fsGroup.
        class: String = "assay-jobs".into(),
        /// The size of each.
        size: Quantity = Quantity::from_bytes(2 << 30),
    }
}

part! {
    /// User ids, also used as group ids.
    Users {
        /// Who owns students' homes.
        trusted: u32 = 1000,
        /// Verify.
        verify: u32 = 20_001,
        /// Test.
        test: u32 = 20_002,
    }
}

part! {
    /// The most that a pod of Verify or Test may have.
    Ceilings {
        /// Memory, slack included.
        memory: Quantity = Quantity::from_bytes(2 << 30),
        /// CPU in thousandths of a core; every pod of Verify and Test gets exactly this, so that timings compare.
        cpu_milli: u32 = 1000,
        /// Seconds from start to end, slack included.
        deadline_seconds: u64 = 3600,
        /// Local disk of the pod, for its log and what Argo keeps in it; every pod of Verify and Test gets exactly this.
        ephemeral_storage: Quantity = Quantity::from_bytes(512 << 20),
    }
}

part! {
    /// What pods of trusted stages get.
    TrustedPods {
        /// CPU in thousandths of a core.
        cpu_milli: u32 = 500,
        /// Memory.
        memory: Quantity = Quantity::from_bytes(512 << 20),
        /// Seconds from start to end.
        deadline_seconds: u64 = 600,
        /// Local disk of the pod, for its log and what Argo keeps in it.
        ephemeral_storage: Quantity = Quantity::from_bytes(512 << 20),
    }
}

part! {
    /// What a pod gets beyond what its stage needs.
    Slack {
        /// Seconds between a pod's start and its stage's: pulling the image, mounting.
        start_seconds: u64 = 600,
        /// Memory of the stage tool itself.
        memory: Quantity = Quantity::from_bytes(64 << 20),
    }
}

part! {
    /// Kubernetes accounts in the jobs' namespace.
    ServiceAccounts {
        /// The account of pods, without any right.
        job: String = "assay-none".into(),
        /// The account of Argo's own container in each pod: may create and patch workflowtaskresults, nothing else.
        executor: String = "assay-executor".into(),
        /// The account of the step that tells why a stage's pod ended: the same, and it may get workflows.
        cause: String = "assay-cause".into(),
        /// The account that makes and removes the pods of strict isolation: the executor's rights, and it may create, get
        /// and delete pods.
        strict: String = "assay-strict".into(),
    }
}

part! {
    /// How strongly Verify and Test are isolated.
    IsolationPolicy {
        /// Where an assignment does not say.
        default: Isolation = Isolation::Standard,
        /// Whether all jobs are strict, whatever their assignment says.
        force_strict: bool = false,
        /// The RuntimeClass of strict pods, where the cluster has a stronger one than its usual.
        runtime_class: Option<String> = None,
    }
}

part! {
    /// Where the key is that signs receipts.
    SigningKey {
        /// The Secret.
        secret: String = "assay-signing-key".into(),
        /// Its key.
        key: String = "private-key".into(),
    }
}

part! {
    /// Where the number of jobs that may run at once is.
    Cap {
        /// The ConfigMap, in the jobs' namespace.
        config_map: String = "assay-limits".into(),
        /// Its key.
        key: String = "jobs".into(),
    }
}

part! {
    /// How long what has ended stays in the cluster, in seconds.
    Keep {
        /// Jobs that succeeded.
        success_seconds: u64 = 86_400,
        /// Jobs that failed.
        failure_seconds: u64 = 7 * 86_400,
        /// Pods of jobs that have ended.
        pods_seconds: u64 = 600,
    }
}
