//! A student's home, with a queue server at hand.

use std::path::PathBuf;
use std::time::Duration;

use assay_contract::Exit;
use serde_json::{Value, json};

use crate::bench::{Bench, Running};
use crate::front::Front;
use crate::session::{Ended, Session};

/// Ada's home, and all that stands behind it.
pub(crate) struct Desk {
    pub(crate) session: Session,
    pub(crate) bench: Bench,
    pub(crate) front: Front,
    _server: Running,
}

impl Desk {
    /// A home with the folder `wordcount/`, and a server that starts no jobs, so that places in the line are the same each time.
    pub(crate) async fn new() -> Desk {
        Desk::with(true).await
    }

    /// The same with a server that starts jobs.
    pub(crate) async fn that_grades() -> Desk {
        Desk::with(false).await
    }

    async fn with(paused: bool) -> Desk {
        let bench = Bench::new().await;
        bench.fake.publish("comp10002", "wordcount");
        let server = bench.server_with(|settings| settings.paused = paused).await;
        let behind = server.base.strip_suffix("/services/assay/v1").unwrap();
        let front = Front::before(behind).await;
        let session = Session::new();
        session.write("wordcount/wc.c", "int main(void) { return 0; }\n");
        session.write("wordcount/wc.h", "#define WORDS 1\n");
        session.set("ASSAY_QUEUE", &front.address);
        session.set("JUPYTERHUB_API_TOKEN", "token-ada");
        session.set("TZ", "Australia/Melbourne");
        Desk { session, bench, front, _server: server }
    }

    /// Runs a command while the servers serve.
    pub(crate) fn runs(&self, line: &str) -> Ended {
        tokio::task::block_in_place(|| self.session.assay(line))
    }

    /// Hands the folder in, and gives the job and its zip's digest.
    pub(crate) fn hands_in(&self) -> (String, String) {
        let received = self.runs("submit comp10002/wordcount wordcount --output json").exits(Exit::Done).json();
        let text = |field: &str| received[field].as_str().unwrap().to_owned();
        (text("job"), text("digest"))
    }

    /// A file of a job's folder.
    pub(crate) fn of_job(&self, job: &str, name: &str) -> PathBuf {
        self.session.path(&format!(".assay/comp10002/wordcount/{job}/{name}"))
    }

    /// What is in the outbox, the lock aside.
    pub(crate) fn outbox(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.session.path(".assay/outbox")).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".lock");
        names.sort();
        names
    }

    /// Waits until there is a request in the cluster; gives its name.
    pub(crate) async fn a_request(&self) -> String {
        loop {
            if let Some(name) = self.bench.fake.names("requests").into_iter().next() {
                return name;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The rules of an assignment that is due at this time.
pub(crate) fn rules(due: &str) -> Value {
    let at: jiff::Timestamp = due.parse().unwrap();
    let text = at.to_zoned(jiff::tz::TimeZone::get("Australia/Melbourne").unwrap());
    let text = format!("{} Australia/Melbourne", text.strftime("%Y-%m-%d %H:%M"));
    json!({
        "api-version": "assay.dev/v1", "assignment": "", "title": "Word count", "revision": "0".repeat(64),
        "rules": {"required": ["wc.c"], "allowed": ["*.c", "*.h"], "size-bytes": 1 << 20, "unpacked-bytes": 4 << 20,
            "files": 10, "attempts": 10, "cooldown-seconds": 300},
        "schedule": {"api-version": "assay.dev/v1", "opens": null, "due": {"unix": at.as_second(), "text": text},
            "late-seconds": 0},
    })
}

/// A result as jobs deliver it.
pub(crate) fn result(job: &str, digest: &str) -> Value {
    json!({
        "api-version": "assay.dev/v1",
        "conclusion": {"job": job, "assignment": "comp10002/wordcount", "title": "Word count", "revision": "0".repeat(64),
            "student": "ada", "digest": digest, "mode": "sealed", "handed-in": "2026-03-16T12:00:00Z", "late-seconds": 0,
            "penalty-basis-points": 0, "verdict": "wrong-output", "fault": "student", "reason": "", "points": 2,
            "max-points": 3},
        "build": {"passed": true, "reason": "", "log": "", "measured": {"cpu-ms": 0, "wall-ms": 0, "memory-bytes": 0}},
        "cases": [
            {"name": "empty file", "group": null, "verdict": "passed", "fault": null, "points": 2, "max-points": 2,
                "reason": "", "limits": limits(), "measured": {"cpu-ms": 3, "wall-ms": 4, "memory-bytes": 1024}},
            {"name": "lines only", "group": null, "verdict": "wrong-output", "fault": "student", "points": 0,
                "max-points": 1, "reason": "the output differs", "limits": limits(),
                "measured": {"cpu-ms": 3, "wall-ms": 4, "memory-bytes": 1024}},
        ],
        "hidden": {"cases": 7, "max-points": 7, "shown-from-due": 7},
    })
}

fn limits() -> Value {
    serde_json::to_value(assay_contract::Limits {
        cpu_ms: 1_000,
        wall_ms: 3_000,
        memory_bytes: 64 << 20,
        processes: 1,
        output_bytes: 1 << 20,
        disk_bytes: 64 << 20,
    })
    .unwrap()
}
