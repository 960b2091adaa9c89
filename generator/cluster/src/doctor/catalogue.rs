//! Everything that is checked, in the order in which it is printed; the reference page is made from it.

use super::check::Definition;

macro_rules! checks {
    ($($name:ident = $id:literal $title:literal, $why:literal, $fix:literal;)*) => {
        $(pub(super) static $name: Definition =
            Definition { id: $id, title: $title, why: $why, fix: $fix };)*

        /// Every check.
        pub static ALL: &[&Definition] = &[$(&$name),*];
    };
}

checks! {
    KUBERNETES = "kubernetes" "Kubernetes is 1.30 or newer",
        "The admission policies that hold every pod to the volume table are of `admissionregistration.k8s.io/v1`, which older servers lack.",
        "upgrade the cluster to Kubernetes 1.30 or newer";
    RUNTIME = "runtime" "the nodes' container runtimes have no known way out",
        "Student code runs in containers. A runtime with a known escape undoes what the pods are denied.",
        "upgrade containerd on the nodes to 1.7.29, 2.0.7, 2.1.5, 2.2.0 or newer, with runc 1.2.8, 1.3.3, 1.4.0 or newer";
    KERNEL = "kernel" "the nodes' kernels have Landlock",
        "Before Linux 5.13 builds and cases cannot be kept from reading all volumes of their stage.",
        "upgrade the nodes to Linux 5.13 or newer, or keep jobs off old nodes by labels and taints";
    PIDS = "pids" "the nodes limit the processes of a pod",
        "Without a limit a fork bomb takes the node's process table, and other pods with it.",
        "set `podPidsLimit: 1024` in the kubelet's configuration of every node, and restart it";
    ARGO = "argo" "Argo Workflows is installed, 4.0.5 or newer",
        "Jobs are Workflows. Older versions let a Workflow step outside of its template, or can be crashed by one.",
        "install the newest Argo Workflows 4.0 with its full CRDs and images of that version; `argo/` holds the settings";
    ARGO_SCOPE = "argo-scope" "Argo's controller looks after the jobs' namespace",
        "A controller that is confined to another namespace, or to Workflows of an instance id, leaves jobs pending for ever.",
        "remove `--namespaced`, `--managed-namespace` and `instanceID` from Argo's controller, or let them name the jobs' namespace";
    ARGO_EXECUTOR = "argo-executor" "Argo's own containers may run under Pod Security `restricted`",
        "Without a security context of theirs, every pod of a job is refused.",
        "set `executor.securityContext` and `mainContainer.securityContext` in Argo's ConfigMap as `argo/` has them: runAsNonRoot, no privilege escalation, drop ALL";
    ARGO_LAYOUT = "argo-layout" "Argo makes pods with its init and wait containers",
        "The admission policies know this layout and no other: pods of `initlessPod` are refused.",
        "remove `initlessPod` from Argo's ConfigMap";
    ARGO_REFERENCES = "argo-references" "Argo itself insists on templates",
        "The admission policies refuse Workflows of another shape; Argo's own restriction is a second lock on the same door.",
        "set `workflowRestrictions: {templateReferencing: Strict}` in Argo's ConfigMap";
    ARGO_PARALLELISM = "argo-parallelism" "Argo's own limits on parallel Workflows are off",
        "Jobs that wait for their turn count as running there, so waiting jobs keep others from their Setup, and hand-ins from their receipts.",
        "remove `parallelism` and `namespaceParallelism` from Argo's ConfigMap; the cap is `assay-limits`";
    ARGO_REQUEUE = "argo-requeue" "Argo goes from stage to stage without waiting",
        "By default up to 10 s pass at each of five stage boundaries, and in 4.0 a second after each update of a job.",
        "set the environment variables DEFAULT_REQUEUE_TIME=50ms and INFORMER_WRITE_BACK=neither on Argo's controller";
    ARGO_PROGRESS = "argo-progress" "Argo takes no progress reports from stages",
        "A report of progress is written by the container that runs student code.",
        "set the environment variable ARGO_PROGRESS_PATCH_TICK_DURATION=0 on Argo's controller";
    CONTROLLER_RIGHTS = "controller-rights" "Argo's controller may do what jobs need",
        "Admission lets only accounts with rights in `assay.dev` make pods of stages, and write the status of jobs.",
        "bind the Role assay-controller to the ServiceAccount of Argo's controller; `deploy/base/accounts.yaml` does for `argo` in `argo`";
    NAMESPACE = "namespace" "the jobs' namespace is there, labelled for admission and Pod Security",
        "The policies apply to namespaces with the label `assay.dev/jobs=true`, Pod Security to those that enforce `restricted`.",
        "apply your overlay: kubectl apply -k OVERLAY, one of `deploy/overlays` or a copy";
    OPERATOR = "operator" "the operator's file is in the cluster",
        "Authors' and tutors' commands read it from there.",
        "apply your overlay again: kubectl apply -k OVERLAY; `configMapGenerator` there puts your operator.yaml into the cluster";
    POLICIES = "policies" "the admission policies are there as they are printed, and deny",
        "Without them whoever may create pods or Workflows can mount answers and results.",
        "assay admission --operator OVERLAY/operator.yaml > OVERLAY/admission.yaml, and apply your overlay again: kubectl apply -k OVERLAY";
    POLICIES_WORK = "policies-work" "a pod and a job outside of the table are refused",
        "What is bound may still match nothing: other labels, other names of claims.",
        "assay admission --operator OVERLAY/operator.yaml > OVERLAY/admission.yaml, with the operator's file that is in use, and kubectl apply -k OVERLAY";
    POD_SECURITY = "pod-security" "an unrestricted pod is refused, a stage's pod is admitted",
        "Pod Security, quotas and limit ranges decide about each pod; a refused one leaves its job waiting until its deadline.",
        "label the namespace pod-security.kubernetes.io/enforce=restricted; raise what the message names (ResourceQuota or LimitRange `assay-jobs`) by a patch in your overlay";
    ACCOUNTS = "accounts" "the accounts of pods are there",
        "Pods of a missing account are refused.",
        "apply your overlay: kubectl apply -k OVERLAY, one of `deploy/overlays` or a copy";
    TOKENS = "tokens" "the executors' tokens are there",
        "Argo mounts an executor's token from the Secret `<account>.service-account-token`; without it pods wait for ever.",
        "apply your overlay again: kubectl apply -k OVERLAY; if a Secret stays empty, see whether the account that it names is there";
    RIGHTS = "rights" "accounts of pods have what they need, and nothing more",
        "The executor's token is in the pod of each stage, and the account of pods could be used by whoever breaks out of one.",
        "apply your overlay again: kubectl apply -k OVERLAY; remove what else binds these accounts: kubectl get rolebindings,clusterrolebindings -A -o wide";
    KUBERNETES_RIGHTS = "kubernetes-rights" "Kubernetes' own controllers may make pods and bind claims beside jobs",
        "Admission asks who gives a pod an account, and who binds a claim. Without these rights the hub gets no pod, and no new claim a volume.",
        "apply your overlay again: kubectl apply -k OVERLAY; `deploy/base/accounts.yaml` binds the Roles assay-workloads and assay-binder";
    SIGNING_KEY = "signing-key" "the signing key is there and can be used",
        "Setup and Finalise sign receipts with it, and do nothing without it.",
        "assay receipt key private-key > public-key.pem && kubectl create secret generic assay-signing-key -n assay-jobs --from-file=private-key";
    CAP = "cap" "the number of jobs at once is set",
        "Argo asks the ConfigMap whenever a job wants its turn; without a number jobs end in an error.",
        "kubectl create configmap assay-limits -n assay-jobs --from-literal=jobs=20 --dry-run=client -o yaml | kubectl apply -f -";
    NETWORK_POLICIES = "network-policies" "network policies for stages are there, and let Argo's executor through",
        "They are the second layer between student code and the network. A policy that names a wrong API server leaves every stage waiting.",
        "apply your overlay again: kubectl apply -k OVERLAY; put the addresses of `kubectl get service,endpointslice -n default` into the policy assay-executor";
    STORAGE_CLASS = "storage-class" "the storage class of jobs is there",
        "The six claims of every job are of this class.",
        "make a StorageClass of that name, or name yours as `job-storage.class` in the operator's file";
    CLAIM_QUOTA = "claim-quota" "no quota counts the claims of jobs",
        "A quota refuses a claim for a moment whenever two are counted at once. Argo 4.0 then makes that job's claims again and again, each try is counted, and the job stands still for minutes at a time.",
        "remove storage and persistentvolumeclaims from the ResourceQuotas of the jobs' namespace; bound what jobs take at the storage itself";
    COURSES = "courses" "the claims of courses are bound, and can be mounted by several pods at once",
        "Jobs of one course share them across nodes.",
        "make the three claims of each course ReadWriteMany; `deploy/components/course` does";
    HOMES = "homes" "students' homes are found, and can be mounted by jobs beside the hub",
        "A job mounts the home while the student's server does, often on another node.",
        "correct `claims.student` in the operator's file; let the hub make homes ReadWriteMany (`singleuser.storage.dynamic.storageAccessModes`)";
    CLOCK = "clock" "this machine's clock agrees with the cluster's",
        "Times of hand-in come from the clock of whoever hands in for a student; lateness follows.",
        "synchronise clocks: timedatectl set-ntp true";
    STAGE_IMAGE = "stage-image" "the stage image can be pulled, and runs",
        "Setup, Results, Finalise and all administrative pods run it.",
        "push the image where the nodes can pull it, and name it as `stage-image` in the operator's file";
    CONFINEMENT = "confinement" "stages can confine student code",
        "Landlock and a seccomp filter separate builds and cases from their stage.",
        "enable Landlock on the nodes (`lsm=landlock,…` on the kernel's command line), and a runtime with seccomp";
    NODE_CLOCK = "node-clock" "the node's clock agrees with the API server's",
        "Receipts and schedules are judged by the node's clock.",
        "synchronise the nodes' clocks";
    STORAGE = "storage" "volumes of jobs can be written by stages, and run the stage tool",
        "Stages run as users other than root, without an fsGroup; Verify and Test start the stage tool from the volume `submission`.",
        "use a storage class whose volumes belong to nobody in particular (mode 0777), mounted without `noexec`";
    STORAGE_SHARED = "storage-shared" "what one stage wrote the next one sees at once, and cannot change where it must not",
        "Verify reads what Setup wrote a moment ago, perhaps on another node.",
        "use a storage class with close-to-open consistency, such as NFS without `nocto` and `actimeo`";
    STORAGE_SPEED = "storage-speed" "volumes of jobs are fast enough",
        "Each job unpacks, builds and tests there: many small files.",
        "use faster storage for jobs than for homes";
    HOME = "home" "the student's home belongs to the trusted user",
        "Setup takes the submission from the home as its owner, and Finalise brings the result there.",
        "set `users.trusted` in the operator's file to the homes' owner";
    NETWORK_ENFORCED = "network-enforced" "network policies are enforced",
        "Without a network plugin that enforces them, code that gets around the stage tool's own denial of sockets reaches the network of the cluster.",
        "install a network plugin that enforces policies (Calico, Cilium), or use strict isolation and know that the second layer is missing";
}

/// What is to be said about the check of that id.
#[must_use]
pub fn explain(id: &str) -> Option<String> {
    let Definition { id, title, why, fix } = ALL.iter().find(|definition| definition.id == id)?;
    Some(format!("{id}: {title}\n\n{why}\n\nto mend it: {fix}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_names_and_none_is_used_twice() {
        let mut ids: Vec<&str> = ALL.iter().map(|definition| definition.id).collect();
        assert!(ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(explain("kubernetes").unwrap().contains("1.30") && explain("x").is_none());
    }
}
