//! Why a stage's pod ended, where the tool inside could not say so itself.
//!
//! A word of a fixed list, never a message: what student code wrote may stand in a message. Only text that Argo's
//! controller or the kubelet makes decides, and only where it begins: what a program left as its termination message is
//! appended behind it. What matches no form is [`Cause::Other`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fault, Trust};

/// Declares the causes; the sentence goes on from "the stage `x`", and is for students too.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $id:literal $sentence:literal)*) => {
        /// Why a stage's pod ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Cause { $($(#[$doc])* $name,)* }

        impl Cause {
            /// All causes.
            pub const ALL: &'static [Cause] = &[$(Cause::$name),*];

            /// The word for it.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Cause::$name => $id,)* }
            }

            /// What happened to the stage, to go on from its name.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Cause::$name => $sentence,)* }
            }
        }
    };
}

causes! {
    /// Nobody asked, or nothing is to be told: the stage ended by itself, or did not run.
    #[default]
    None = "none" "ended without a cause that is known"
    /// Its container passed the memory limit of its pod.
    OutOfMemory = "out-of-memory" "used more memory than its pod may"
    /// Its container or pod passed the limit of local disk.
    OverDisk = "over-disk" "wrote more to the disk of its pod than it may"
    /// Its pod, or the whole job, had not ended at the deadline. The kubelet says the same of a pod that waited for its
    /// image until then.
    Deadline = "deadline" "had not ended by the deadline of its pod, which may also have started too late"
    /// Its node ran short or was shut down.
    Evicted = "evicted" "was evicted from its node"
    /// Someone deleted its pod.
    Deleted = "deleted" "was deleted while it ran"
    /// It was killed by a signal, and not because of its memory.
    Killed = "killed" "was killed from outside"
    /// Its image could not be pulled.
    Image = "image" "could not start: its image could not be pulled"
    /// Its pod could not be made or found no place: no node, no claim, a quota, a refusal.
    NotStarted = "not-started" "could not be started by the cluster"
    /// The cluster does not know what became of it.
    Lost = "lost" "was lost by the cluster"
    /// Anything else.
    Other = "other" "failed in the cluster"
}

impl Cause {
    /// The cause of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Cause> {
        Cause::ALL.iter().copied().find(|cause| cause.id() == id)
    }

    /// Whether nothing is told.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Cause::None)
    }

    /// Whose fault it was in a stage of that trust; `None` where nothing is told.
    ///
    /// A pod of a trusted stage that passes a limit is the system's: no submission may be able to do that.
    #[must_use]
    pub const fn fault(self, trust: Trust) -> Option<Fault> {
        match (self, trust) {
            (Cause::None, _) => None,
            (Cause::OutOfMemory | Cause::OverDisk, Trust::Untrusted) => Some(Fault::Student),
            (Cause::Image, Trust::Untrusted) => Some(Fault::Author),
            (
                Cause::OutOfMemory
                | Cause::OverDisk
                | Cause::Deadline
                | Cause::Evicted
                | Cause::Deleted
                | Cause::Killed
                | Cause::Image
                | Cause::NotStarted
                | Cause::Lost
                | Cause::Other,
                Trust::Trusted | Trust::Untrusted,
            ) => Some(Fault::System),
        }
    }

    /// What a message says: the first form that it has, [`Cause::Other`] where it has none.
    #[must_use]
    pub fn of_message(forms: &[(Form, Cause)], message: &str) -> Cause {
        let matching = forms.iter().find(|(form, _)| form.fits(message));
        matching.map_or(Cause::Other, |(_, cause)| *cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A form that a message of the controller or the kubelet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The whole message.
    Is(&'static str),
    /// How it begins. What follows may be of anyone.
    Begins(&'static str),
}

impl Form {
    /// Whether a message has this form.
    #[must_use]
    pub fn fits(self, message: &str) -> bool {
        match self {
            Form::Is(text) => message == text,
            Form::Begins(text) => message.starts_with(text),
        }
    }
}

/// What the kubelet says of a pod that had not ended in time, whether it ran or never did.
pub const POD_DEADLINE: &str = "Pod was active on the node longer than the specified deadline";

/// Messages that the kubelet leaves in a pod's status; student code has no part in them. Argo takes them for a node's
/// message before anything else.
pub const POD_MESSAGES: &[(Form, Cause)] = &[
    (Form::Is(POD_DEADLINE), Cause::Deadline),
    (Form::Begins("Container main exceeded its local ephemeral storage limit "), Cause::OverDisk),
    (
        Form::Begins("Pod ephemeral local storage usage exceeds the total limit of containers "),
        Cause::OverDisk,
    ),
    (Form::Begins("The node was low on resource: "), Cause::Evicted),
    (Form::Begins("The node had condition: "), Cause::Evicted),
    (Form::Begins("Preempted in order to admit critical pod"), Cause::Evicted),
    (Form::Begins("Pod was terminated in response to imminent node shutdown."), Cause::Evicted),
    (Form::Begins("Pod was rejected"), Cause::NotStarted),
];

/// Messages that Argo's controller makes for a node, where the pod's status has none.
///
/// Of a container it writes `<container>: <reason> (exit code <n>)`, and behind that what the container left.
pub const NODE_MESSAGES: &[(Form, Cause)] = &[
    (Form::Begins("main: OOMKilled (exit code 137)"), Cause::OutOfMemory),
    (Form::Begins("main: Error (exit code 137)"), Cause::Killed),
    (Form::Begins("main: Error (exit code 143)"), Cause::Killed),
    (Form::Begins("main: ContainerStatusUnknown (exit code 137)"), Cause::Lost),
    (Form::Begins("main: StartError (exit code 128)"), Cause::NotStarted),
    (Form::Begins("main: ContainerCannotRun (exit code 128)"), Cause::NotStarted),
    (Form::Begins("Pod failed before main container starts due to ErrImagePull: "), Cause::Image),
    (Form::Begins("Pod failed before main container starts due to ImagePullBackOff: "), Cause::Image),
    (Form::Begins("Pod failed before main container starts due to InvalidImageName: "), Cause::Image),
    (Form::Begins("Pod failed before "), Cause::NotStarted),
    (Form::Is("pod deleted"), Cause::Deleted),
    // A node that was pending for as long as its template may take.
    (Form::Is("timeout"), Cause::NotStarted),
    // The whole job's deadline.
    (Form::Is("Step exceeded its deadline"), Cause::Deadline),
    // The pod could not be created: a quota, an admission policy.
    (Form::Begins("task '"), Cause::NotStarted),
    (Form::Begins("pod failed: "), Cause::Lost),
    (Form::Begins("can't find failed message for pod "), Cause::Lost),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of_node(message: &str) -> Cause {
        let forms: Vec<_> = [POD_MESSAGES, NODE_MESSAGES].concat();
        Cause::of_message(&forms, message)
    }

    #[test]
    fn words_in_documents_are_the_words_in_parameters() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_string(cause).unwrap(), format!("\"{cause}\""));
            assert_eq!(Cause::from_id(cause.id()), Some(*cause));
        }
        assert_eq!(Cause::from_id("OOMKilled"), None);
    }

    #[test]
    fn messages_of_controller_and_kubelet_have_their_cause() {
        for (message, cause) in [
            ("main: OOMKilled (exit code 137)", Cause::OutOfMemory),
            ("main: Error (exit code 143)", Cause::Killed),
            ("Container main exceeded its local ephemeral storage limit \"256Mi\". ", Cause::OverDisk),
            (
                "The node was low on resource: memory. Threshold quantity: 100Mi, available: 7Mi. ",
                Cause::Evicted,
            ),
            ("Pod was active on the node longer than the specified deadline", Cause::Deadline),
            ("task 'j.turn.graded.verify' errored: pods \"j-verify-1\" is forbidden: …", Cause::NotStarted),
            ("Pod failed before main container starts due to ImagePullBackOff: Back-off", Cause::Image),
            ("Pod failed before wait container starts due to ImagePullBackOff: Back-off", Cause::NotStarted),
            ("pod deleted", Cause::Deleted),
            ("timeout", Cause::NotStarted),
            // Not its main container: the system's, whatever it was.
            ("wait: OOMKilled (exit code 137)", Cause::Other),
            ("Container wait exceeded its local ephemeral storage limit \"1Mi\". ", Cause::Other),
            ("main: Error (exit code 1)", Cause::Other),
            ("", Cause::Other),
        ] {
            assert_eq!(of_node(message), cause, "{message}");
        }
    }

    #[test]
    fn what_a_program_left_behind_a_message_decides_nothing() {
        for (begin, cause) in [
            ("main: Error (exit code 1)", Cause::Other),
            ("main: Error (exit code 137)", Cause::Killed),
            ("main: OOMKilled (exit code 137)", Cause::OutOfMemory),
        ] {
            for (Form::Is(text) | Form::Begins(text), _) in POD_MESSAGES.iter().chain(NODE_MESSAGES) {
                for left in
                    [format!("{begin}: {text}"), format!("{begin}: \n{text}"), format!("{begin}{text}")]
                {
                    assert_eq!(of_node(&left), cause, "{left:?}");
                }
            }
        }
    }

    #[test]
    fn only_a_pod_in_which_student_code_runs_can_be_a_students_fault() {
        for cause in Cause::ALL {
            assert_ne!(cause.fault(Trust::Trusted), Some(Fault::Student), "{cause}");
            assert_eq!(cause.fault(Trust::Untrusted).is_none(), cause.is_none(), "{cause}");
        }
    }
}
