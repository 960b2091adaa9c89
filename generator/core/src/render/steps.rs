//! Steps of Argo's own: `resource` templates that run no stage and mount no volume of a job.
//!
//! What they hand on are fixed words, made by a filter from what the cluster says. A message never gets out: student code
//! can have a part in it.

use assay_contract::cause::{Form, NODE_MESSAGES, POD_DEADLINE, POD_MESSAGES};
use assay_contract::{Cause, Stage, facts};

use super::tag::Tag;
use super::wiring;
use crate::isolation::Isolation;
use crate::operator::{Operator, Settings};

/// A step that reads or makes objects of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Tells why a stage's pod ended.
    Cause,
    /// Makes a stage's bare pod and waits for its end; the template has the stage's own name.
    Launch {
        /// Which stage.
        stage: Stage,
        /// Its pod's deadline, in seconds after its start.
        deadline_seconds: u64,
    },
    /// Removes the bare pods, so that no student code runs on while a job is concluded and none is left behind it.
    Remove,
}

impl Step {
    /// Its name, as a template and as a task.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Step::Cause => "cause",
            Step::Launch { stage, .. } => stage.id(),
            Step::Remove => "remove",
        }
    }

    /// Its name in Argo's pages.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Step::Cause => "Cause",
            Step::Launch { stage, .. } => super::context::title(stage),
            Step::Remove => "Remove",
        }
    }

    /// What its pod is labelled with. A pod that launches a stage is not of that stage: it mounts nothing.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Step::Cause => "cause",
            Step::Launch { .. } => "launch",
            Step::Remove => "remove",
        }
    }
}

/// Until when a step must have ended without which a job can go on, in seconds.
const DEADLINE_SECONDS: u64 = 300;

/// The stages of which a cause is asked: those whose own pod Argo knows.
pub(crate) fn asked(isolation: Isolation) -> Vec<Stage> {
    let stages = [Stage::Setup, Stage::Verify, Stage::Test];
    stages.into_iter().filter(|stage| !wiring::is_bare(*stage, isolation)).collect()
}

/// When causes are asked for: where a stage ended and its tool did not say why.
pub(crate) fn cause_is_asked(isolation: Isolation) -> String {
    let questions = asked(isolation).into_iter().map(|stage| Tag::ended_without_a_word(stage).to_string());
    questions.collect::<Vec<_>>().join(" || ")
}

/// A word that is left of a bare pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PodWord {
    /// `Succeeded` or `Failed`.
    Status,
    /// The exit code of its container, or `none`.
    Exit,
    /// Why it ended.
    Cause,
}

impl PodWord {
    pub(crate) const ALL: [PodWord; 3] = [PodWord::Status, PodWord::Exit, PodWord::Cause];

    /// Its name as an output parameter.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            PodWord::Status => "status",
            PodWord::Exit => "exit",
            PodWord::Cause => "cause",
        }
    }

    /// What holds where the step was left out. The status is then the step's own.
    pub(crate) const fn default(self) -> Option<&'static str> {
        match self {
            PodWord::Status => None,
            PodWord::Exit | PodWord::Cause => Some(facts::NONE),
        }
    }

    /// The filter over a pod that has ended which gives the word, whatever the pod holds.
    ///
    /// The kubelet writes `ContainerStatusUnknown` of a container that it never saw ending; its code means nothing. Of one that
    /// never ran it does so a moment after it gave the pod up; until then the container is still waiting.
    pub(crate) fn filter(self) -> String {
        let ended = "[.status.containerStatuses[]? | select(.name == \"main\") | .state]";
        match self {
            PodWord::Status => {
                "if .status.phase == \"Succeeded\" then \"Succeeded\" else \"Failed\" end".into()
            }
            PodWord::Exit => format!(
                "[{ended}[0].terminated | select(.reason != \"ContainerStatusUnknown\") | .exitCode | numbers | tostring][0] // \"{}\"",
                facts::NONE
            ),
            PodWord::Cause => format!(
                "({ended}[0] // {{}}) as $main | (.status.message // \"\") as $said | \
                 if .status.phase == \"Succeeded\" then \"{}\" \
                 elif $main.terminated.reason == \"ContainerStatusUnknown\" and $main.terminated.startedAt == null then \"{}\" \
                 elif $said == {} and $main.terminated == null and $main.running == null then \"{}\" \
                 elif $said != \"\" then ($said | {}) \
                 elif ($main.waiting.reason // \"\") | . == \"ErrImagePull\" or . == \"ImagePullBackOff\" or . == \"InvalidImageName\" then \"{}\" \
                 elif $main.waiting then \"{}\" \
                 else (\"main: \" + ($main.terminated.reason // \"\") + \" (exit code \" + ($main.terminated.exitCode // 0 | tostring) + \")\" | {}) end",
                Cause::None,
                Cause::NotStarted,
                quoted(POD_DEADLINE),
                Cause::NotStarted,
                word(POD_MESSAGES.iter()),
                Cause::Image,
                Cause::NotStarted,
                word(NODE_MESSAGES.iter()),
            ),
        }
    }
}

/// When the pod of a stage has ended.
pub(crate) const POD_ENDED: &str = "status.phase in (Succeeded, Failed)";

/// The name of a stage's bare pod.
pub(crate) fn bare_pod(stage: Stage) -> String {
    format!("{}-{stage}", Tag::job())
}

/// The account of a step, and until when it must have ended, in seconds.
///
/// A step that made a bare pod waits as long again for the pod's node as any pod may, which the pod's own deadline does not
/// count.
pub(crate) fn rights_and_deadline(step: Step, operator: &Operator) -> (&str, u64) {
    let Settings { service_accounts, slack, .. } = operator.settings();
    match step {
        Step::Cause => (&service_accounts.cause, DEADLINE_SECONDS),
        Step::Launch { stage: _, deadline_seconds } => {
            (&service_accounts.strict, deadline_seconds.saturating_add(slack.start_seconds))
        }
        Step::Remove => (&service_accounts.strict, DEADLINE_SECONDS),
    }
}

/// The filter over a job's Workflow that gives the cause of a stage: one word, whatever the Workflow holds.
pub(crate) fn cause_of(stage: Stage) -> String {
    format!(
        "[.status.nodes[]? | select(.templateName == \"{stage}\" and (.phase == \"Failed\" or .phase == \"Error\")) | \
         (.message // \"\") | {}][0] // \"{}\"",
        word(POD_MESSAGES.iter().chain(NODE_MESSAGES)),
        Cause::None,
    )
}

/// The part of a filter that makes a word of a message.
fn word<'a>(forms: impl Iterator<Item = &'a (Form, Cause)>) -> String {
    let mut filter = String::new();
    for (form, cause) in forms {
        let test = match form {
            Form::Is(text) => format!(". == {}", quoted(text)),
            Form::Begins(text) => format!("startswith({})", quoted(text)),
        };
        let word = if filter.is_empty() { "if" } else { "elif" };
        filter.push_str(&format!("{word} {test} then \"{cause}\" "));
    }
    filter + &format!("else \"{}\" end", Cause::Other)
}

/// Text as a string of a filter.
fn quoted(text: &str) -> String {
    // Forms hold no quote, no backslash and no brace, which a test holds them to.
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_can_stand_in_a_filter_and_in_a_template() {
        for (Form::Is(text) | Form::Begins(text), _) in POD_MESSAGES.iter().chain(NODE_MESSAGES) {
            assert!(!text.contains(['"', '\\', '{', '}']) && !text.chars().any(char::is_control), "{text}");
        }
    }

    /// The one word that a filter makes of `input`.
    fn filtered(filter: &str, input: &serde_json::Value) -> String {
        use jaq_core::load::{Arena, File, Loader};
        use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
        use jaq_json::Val;
        let arena = Arena::default();
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let modules = Loader::new(defs).load(&arena, File { code: filter, path: () }).unwrap();
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let filter = Compiler::default().with_funs(funs).compile(modules).unwrap();
        let input = jaq_json::read::parse_single(input.to_string().as_bytes()).unwrap();
        let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
        let words: Vec<String> =
            filter.id.run((context, input)).map(|word| unwrap_valr(word).unwrap().to_string()).collect();
        let [word] = words.as_slice() else { panic!("not one word: {words:?}") };
        word.trim_matches('"').to_owned()
    }

    #[test]
    fn a_bare_pods_cause_is_one_word_whatever_its_status() {
        let main = |state: serde_json::Value| json!([{"name": "main", "state": state}]);
        let pod = |message: &str, containers: serde_json::Value| json!({"status": {"phase": "Failed", "message": message, "containerStatuses": containers}});
        let unknown = json!({"terminated": {"reason": "ContainerStatusUnknown", "exitCode": 137}});
        let pulling = json!({"waiting": {"reason": "ImagePullBackOff"}});
        for (pod, cause) in [
            (json!({"status": {"phase": "Succeeded"}}), Cause::None),
            (
                pod("", main(json!({"terminated": {"reason": "OOMKilled", "exitCode": 137}}))),
                Cause::OutOfMemory,
            ),
            (
                pod(POD_DEADLINE, main(json!({"terminated": {"reason": "Error", "exitCode": 137}}))),
                Cause::Deadline,
            ),
            (
                pod(POD_DEADLINE, main(json!({"running": {"startedAt": "2026-03-10T00:00:00Z"}}))),
                Cause::Deadline,
            ),
            // The kubelet's first word of a container that never ran, and what it settles on a moment later.
            (pod(POD_DEADLINE, main(pulling.clone())), Cause::NotStarted),
            (pod(POD_DEADLINE, json!([])), Cause::NotStarted),
            (pod(POD_DEADLINE, main(unknown)), Cause::NotStarted),
            (pod("", main(pulling)), Cause::Image),
            (pod("The node was low on resource: memory.", main(json!({"waiting": {}}))), Cause::Evicted),
            (json!({}), Cause::Other),
        ] {
            assert_eq!(filtered(&PodWord::Cause.filter(), &pod), cause.id(), "{pod}");
        }
    }

    #[test]
    fn the_cause_of_a_stage_is_that_of_its_own_node() {
        let workflow = json!({"status": {"nodes": {
            "a": {"templateName": "verify", "phase": "Failed", "message": "main: OOMKilled (exit code 137)"},
            "b": {"templateName": "test", "phase": "Succeeded", "message": "pod deleted"},
        }}});
        assert_eq!(filtered(&cause_of(Stage::Verify), &workflow), Cause::OutOfMemory.id());
        assert_eq!(filtered(&cause_of(Stage::Test), &workflow), Cause::None.id());
        assert_eq!(filtered(&cause_of(Stage::Setup), &json!({})), Cause::None.id());
    }

    #[test]
    fn a_cause_is_asked_where_no_code_of_ours_says_it() {
        let when = cause_is_asked(Isolation::Standard);
        let ours = "['2', '10', '19', '20', '21', '22', '23', '24', '30', '31', '32', '33', '34', '35', '36', '37', '38', '39', '70']";
        assert_eq!(
            when,
            format!(
                "{{{{=inputs.parameters['setup-status'] in ['Failed', 'Error'] && !(inputs.parameters['setup-exit'] in \
                 {ours})}}}} || {{{{=tasks.verify.status in ['Failed', 'Error'] && !((tasks.verify.exitCode ?? 'none') in \
                 {ours})}}}} || {{{{=tasks.test.status in ['Failed', 'Error'] && !((tasks.test.exitCode ?? 'none') in \
                 {ours})}}}}"
            )
        );
    }
}
