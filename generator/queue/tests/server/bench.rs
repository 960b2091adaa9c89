//! Queue servers on loopback, beside stand-ins of a cluster and a hub.

use std::time::Duration;

use assay_cluster::Cluster;
use assay_contract::queue::{Accepted, Problem, Standing};
use assay_contract::receipts::{Statement, Ticket};
use assay_queue::Parts;
use assay_queue::id::Ids;
use assay_queue::identity::Hub;
use assay_queue::settings::{self, Settings};
use assay_receipt::SigningKey;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::cluster::Fake;
use crate::hub::FakeHub;

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster, a hub, and as many queue servers as were started.
pub(crate) struct Bench {
    pub(crate) fake: Fake,
    pub(crate) hub: FakeHub,
    cluster: Cluster,
    client: Client,
}

/// One queue server.
pub(crate) struct Running {
    pub(crate) base: String,
    pub(crate) observed: String,
    closing: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends it as Kubernetes does, and waits until it has ended.
    pub(crate) async fn ends(self) {
        self.closing.cancel();
        self.task.await.unwrap();
    }

    /// Ends in the middle of whatever it does.
    pub(crate) async fn dies(self) {
        self.task.abort();
        let _aborted = self.task.await;
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed([3; 32])
}

impl Bench {
    pub(crate) async fn new() -> Bench {
        let (fake, cluster) = Fake::start().await;
        let hub = FakeHub::start().await;
        for student in ["ada", "bob", "eve"] {
            fake.home(student);
            hub.user(student, &[]);
        }
        let client = Client::builder().no_proxy().build().unwrap();
        Bench { fake, hub, cluster, client }
    }

    /// A server with the hub.
    pub(crate) async fn server(&self) -> Running {
        self.server_with(|_| {}).await
    }

    /// A server with other settings, once it knows what is in the cluster.
    pub(crate) async fn server_with(&self, change: impl FnOnce(&mut Settings)) -> Running {
        let running = self.server_at_once(change).await;
        self.eventually("the server is ready", async || {
            let ready = self.client.get(format!("{}/readyz", running.observed)).send().await.ok()?;
            ready.status().is_success().then_some(())
        })
        .await;
        running
    }

    /// A server that may know nothing yet.
    pub(crate) async fn server_at_once(&self, change: impl FnOnce(&mut Settings)) -> Running {
        let hub = settings::Hub { api: self.hub.api.clone(), staff_group: "assay-staff-{course}".into() };
        let mut settings = Settings { hub: Some(hub), ..Settings::default() };
        settings.limits.burst = 10_000;
        change(&mut settings);
        let (listener, observed) = (listen().await, listen().await);
        let base = format!("http://{}{}/v1", listener.local_addr().unwrap(), settings.prefix);
        let observed_at = format!("http://{}", observed.local_addr().unwrap());
        let parts = Parts {
            hub: settings.hub.as_ref().map(|hub| Hub::new(hub).unwrap()),
            settings,
            cluster: self.cluster.clone(),
            ids: Ids::new(Zeroizing::new(vec![9; 32])).unwrap(),
            key: key(),
        };
        let closing = CancellationToken::new();
        let task = tokio::spawn(assay_queue::run(parts, listener, observed, closing.clone()));
        Running { base, observed: observed_at, closing, task }
    }

    pub(crate) fn get(&self, url: &str, token: &str) -> RequestBuilder {
        self.client.get(url).header("authorization", format!("token {token}"))
    }

    pub(crate) fn post(&self, server: &Running, token: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/jobs", server.base);
        self.client.post(url).header("authorization", format!("token {token}")).json(body)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Hands in as the user of a token.
    pub(crate) async fn hand_in(&self, server: &Running, token: &str, n: u32) -> Accepted {
        let answer = self.post(server, token, &request(n)).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub(crate) async fn standing(&self, server: &Running, token: &str, job: &str) -> Standing {
        let answer = self.get(&format!("{}/jobs/{job}", server.base), token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Waits until `look` sees something.
    pub(crate) async fn eventually<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        self.within(PATIENCE, what, look).await
    }

    /// The same for what takes a while by itself.
    pub(crate) async fn in_the_end<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        self.within(6 * PATIENCE, what, look).await
    }

    async fn within<T>(&self, patience: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + patience;
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(tokio::time::Instant::now() < until, "never: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a job's Workflow is there.
    pub(crate) async fn started(&self, job: &str) {
        self.eventually(&format!("{job} starts"), async || self.fake.object("workflows", job)).await;
    }

    /// Has Argo conclude a job.
    pub(crate) fn concludes(&self, job: &str, verdict: &str, points: &str) {
        let parameter = |name: &str, value: &str| json!({"name": name, "value": value});
        self.fake.argo_says(job, json!({"phase": "Succeeded", "nodes": {
            "r": {"type": "Pod", "templateName": "results", "phase": "Succeeded", "outputs": {"parameters": [
                parameter("fault", if verdict == "passed" { "none" } else { "student" })]}},
            "f": {"type": "Pod", "templateName": "finalise", "phase": "Succeeded", "outputs": {"parameters": [
                parameter("verdict", verdict), parameter("points", points)]}},
        }}));
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// The nth request of somebody.
pub(crate) fn request(n: u32) -> Value {
    json!({"api-version": "assay.dev/v1", "assignment": "c/a", "digest": format!("{n:064x}"), "key": format!("key-of-a-test-{n:08}")})
}

/// What a ticket says, if it is signed by the server's key.
pub(crate) fn ticket(accepted: &Accepted) -> Ticket {
    let verified = assay_receipt::verify(accepted.ticket.as_bytes(), &[key().public()]).unwrap();
    match verified.statement {
        Statement::Ticket(ticket) => ticket,
        other => panic!("not a ticket: {other:?}"),
    }
}

/// What an answer that is no says.
pub(crate) async fn problem(answer: Response) -> Problem {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let problem: Problem =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {text}: {error}"));
    assert_eq!(problem.code.status(), status, "{text}");
    assert!(!problem.message.is_empty() && !problem.hint.is_empty(), "{text}");
    problem
}
