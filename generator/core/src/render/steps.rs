//! Steps of Argo's own: `resource` templates that run no stage and mount no volume of a job.
//!
//! What they hand on are fixed words, made by a filter from what the cluster says. A message never gets out: student code
//! can have a part in it.

use assay_contract::cause::{Form, NODE_MESSAGES, POD_MESSAGES};
use assay_contract::{Cause, Stage};

use super::tag::Tag;

/// A step that reads or makes objects of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Tells why a stage's pod ended.
    Cause,
}

impl Step {
    /// Its name, as a template, as a task and in the label of its pod.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Step::Cause => "cause",
        }
    }

    /// Its name in Argo's pages.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Step::Cause => "Cause",
        }
    }
}

/// Until when a step must have ended, in seconds. Nothing waits longer for what can be done without.
pub(crate) const DEADLINE_SECONDS: u64 = 300;

/// The stages of which a cause is asked.
pub(crate) const ASKED: [Stage; 3] = [Stage::Setup, Stage::Verify, Stage::Test];

/// When causes are asked for: where a stage ended and its tool did not say why.
pub(crate) fn cause_is_asked() -> String {
    ASKED.map(|stage| Tag::ended_without_a_word(stage).to_string()).join(" || ")
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

    #[test]
    fn forms_can_stand_in_a_filter_and_in_a_template() {
        for (Form::Is(text) | Form::Begins(text), _) in POD_MESSAGES.iter().chain(NODE_MESSAGES) {
            assert!(!text.contains(['"', '\\', '{', '}']) && !text.chars().any(char::is_control), "{text}");
        }
    }

    #[test]
    fn a_cause_is_asked_where_no_code_of_ours_says_it() {
        let when = cause_is_asked();
        let ours =
            "['2', '10', '19', '20', '21', '22', '23', '24', '30', '31', '32', '33', '34', '35', '36', '70']";
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
