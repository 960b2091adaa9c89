//! What the operator sets of the queue server: one file, all of it with defaults. Secrets are not in it: they come by the
//! environment, and nothing here prints them.

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;

/// The environment variable that holds the key that signs tickets, in PEM.
pub const TICKET_KEY: &str = "ASSAY_TICKET_KEY";
/// The environment variable that holds the secret of job ids: at least 32 bytes, the same for all servers.
pub const ID_SECRET: &str = "ASSAY_ID_SECRET";

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Where clients are served.
    pub listen: SocketAddr,
    /// Where health, readiness and metrics are served, for the cluster alone.
    pub observe: SocketAddr,
    /// What paths begin with, as the hub's proxy hands them on.
    pub prefix: String,
    /// The hub that knows the callers; `None` where there is none, and a digest is the only proof.
    pub hub: Option<Hub>,
    /// The most jobs in the cluster, those that wait for Argo's locks included; further requests wait.
    pub backlog: usize,
    /// The most jobs of one student in the cluster.
    pub per_student: usize,
    /// The most requests that are not concluded.
    pub waiting: Waiting,
    /// Whether no job is started. Requests are taken all the same.
    pub paused: bool,
    /// How long a request is known after its conclusion, in days.
    pub keep_days: u16,
    /// What one caller may ask of the server.
    pub limits: Limits,
}

/// A JupyterHub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hub {
    /// Its API, as `http://hub:8081/hub/api`.
    pub api: String,
    /// The group of a course's staff, with `{course}` for the course.
    #[serde(default = "staff_group")]
    pub staff_group: String,
}

/// The most requests that are not concluded: each is an object of the cluster, whose store is not without end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Waiting {
    /// Of one student.
    pub per_student: usize,
    /// Of all together.
    pub all: usize,
}

/// What one caller may ask of the server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// Requests a minute, lasting.
    pub requests_per_minute: u32,
    /// Requests at once, after a pause.
    pub burst: u32,
    /// Open connections of all callers together.
    pub connections: usize,
    /// Streams of events of all callers together; each is a connection too.
    pub streams: usize,
}

fn staff_group() -> String {
    "assay-staff-{course}".into()
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            listen: (Ipv4Addr::UNSPECIFIED, 8_080).into(),
            observe: (Ipv4Addr::UNSPECIFIED, 9_090).into(),
            prefix: "/services/assay".into(),
            hub: None,
            backlog: 100,
            per_student: 2,
            waiting: Waiting::default(),
            paused: false,
            keep_days: 30,
            limits: Limits::default(),
        }
    }
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting { per_student: 100, all: 20_000 }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { requests_per_minute: 120, burst: 60, connections: 2_000, streams: 1_000 }
    }
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// They are no YAML of this form; the message has line and column.
    #[error("{0}")]
    Form(String),
    /// A field cannot have this value.
    #[error("`{field}` {why}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong with it, and what to write.
        why: &'static str,
    },
}

impl Settings {
    /// Settings from their file's text; an empty one is all defaults.
    ///
    /// # Errors
    /// Where the text is not of the form, or a value cannot be.
    pub fn parse(text: &str) -> Result<Settings, SettingsError> {
        let settings: Option<Settings> =
            serde_saphyr::from_str(text).map_err(|error| SettingsError::Form(error.to_string()))?;
        let settings = settings.unwrap_or_default();
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let field = |field, why| Err(SettingsError::Field { field, why });
        let is_path = self.prefix.is_empty() || (self.prefix.starts_with('/') && !self.prefix.ends_with('/'));
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if !is_path || !self.prefix.chars().all(plain) {
            return field("prefix", "must be empty or begin with `/` and not end with one");
        }
        if let Some(Hub { api, staff_group }) = &self.hub {
            if !(api.starts_with("http://") || api.starts_with("https://")) || api.ends_with('/') {
                return field("hub.api", "must be an address as `http://hub:8081/hub/api`");
            }
            if staff_group.matches("{course}").count() != 1 {
                return field("hub.staff-group", "must have `{course}` once");
            }
        }
        if self.backlog == 0 {
            return field("backlog", "must be at least 1; `paused: true` starts nothing");
        }
        if self.per_student == 0 {
            return field("per-student", "must be at least 1");
        }
        let Waiting { per_student, all } = self.waiting;
        if per_student == 0 || all == 0 {
            return field("waiting", "must both be at least 1");
        }
        let Limits { requests_per_minute, burst, connections, streams } = self.limits;
        if requests_per_minute == 0 || burst == 0 || connections == 0 || streams == 0 {
            return field("limits", "must all be at least 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_all_defaults() {
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        assert_eq!(Settings::parse("# nothing\n").unwrap(), Settings::default());
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, says) in [
            ("backlog: 0", "`backlog` must be at least 1"),
            ("prefix: assay/", "`prefix`"),
            ("hub: {api: hub}", "`hub.api`"),
            ("hub: {api: 'http://hub', staff-group: staff}", "`hub.staff-group`"),
            ("limits: {burst: 0}", "`limits`"),
            ("backlogg: 3", "backlogg"),
            ("backlog: many", "line 1"),
        ] {
            let error = Settings::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
