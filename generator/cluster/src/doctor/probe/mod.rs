//! Probes: pods that look at the cluster from where jobs run, and are gone afterwards.
//!
//! They are as restricted as pods of stages, mount a claim of their own or one student's home (read only), and never a
//! volume of a course or job.

mod judge;
mod manifests;
mod run;

use assay_contract::StudentId;
use assay_contract::probe::{Home, Looked, Machine, Owned, Probe, Written};
use assay_core::operator::{Operator, Users};
use kube::Client;

use super::catalogue;
use super::check::{Check, Definition};
use super::clock::Window;
use judge::{Connections, Told};
use manifests::{Sees, Spec};
use run::{Run, Silence};

pub use manifests::{DEADLINE_SECONDS, LABEL};
pub(super) use manifests::{plain_pod, stage_like_pod, unrestricted_pod};

/// The checks that need probes, without the one that needs a student.
const PROBED: [&Definition; 7] = [
    &catalogue::STAGE_IMAGE,
    &catalogue::CONFINEMENT,
    &catalogue::NODE_CLOCK,
    &catalogue::STORAGE,
    &catalogue::STORAGE_SHARED,
    &catalogue::STORAGE_SPEED,
    &catalogue::NETWORK_ENFORCED,
];

/// What is said where no probe was made.
pub(super) fn none(why: &str) -> Vec<Check> {
    PROBED.iter().chain(&[&catalogue::HOME]).map(|definition| definition.not_checked(why)).collect()
}

/// What is to be probed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Whether there is a class of storage to probe.
    pub(super) storage: bool,
    /// Whose home is to be looked at.
    pub(super) student: Option<&'a StudentId>,
}

/// Makes the probes, removes them, and says what they found. `stop` ends it early, and then there is nothing to say; what
/// was made is removed all the same.
pub(super) async fn check(
    client: &Client,
    operator: &Operator,
    wanted: Wanted<'_>,
    stop: impl Future<Output = ()>,
) -> Option<Vec<Check>> {
    let run = Run::new(client, operator);
    run.clean_up_after_others().await;
    let checks = tokio::select! {
        checks = probe(&run, client, operator, wanted) => Some(checks),
        () = stop => None,
    };
    run.clean().await;
    checks
}

async fn probe(run: &Run<'_>, client: &Client, operator: &Operator, wanted: Wanted<'_>) -> Vec<Check> {
    let settings = operator.settings();
    let users = &settings.users;

    // First of all: where this one cannot start, none can.
    let begun = Window::begin(client).await;
    let machine: Told<Machine> = run.ask(&spec("machine", Probe::Machine, users.verify, Sees::Nothing)).await;
    let window = match begun {
        Some(begun) => begun.end(client).await,
        None => None,
    };
    let mut checks = vec![
        judge::stage_image(&machine, settings.stage_image.as_str()),
        judge::confinement(&machine),
        judge::node_clock(&machine, window),
    ];
    if machine.is_err() {
        let rest =
            PROBED.iter().filter(|definition| checks.iter().all(|check| check.definition != **definition));
        let rest: Vec<Check> =
            rest.map(|definition| definition.not_checked("no probe can run, see stage-image")).collect();
        checks.extend(rest);
        checks.push(catalogue::HOME.not_checked("no probe can run, see stage-image"));
        return checks;
    }

    let ((written, looked, owned), network, home) = tokio::join!(
        storage(run, users, wanted.storage),
        network(run, users),
        home(run, operator, wanted.student),
    );
    checks.push(judge::storage(&written, &owned));
    checks.push(judge::shared(&looked, &owned));
    checks.push(judge::speed(&written));
    checks.push(home);
    checks.push(judge::network(&network));
    checks
}

/// Writes as the trusted user, looks as an untrusted one, and then writes as that one.
async fn storage(
    run: &Run<'_>,
    users: &Users,
    has_class: bool,
) -> (Told<Written>, Told<Looked>, Told<Owned>) {
    let write = async {
        if !has_class {
            return Err(Silence::Other("there is no such class, see storage-class".into()));
        }
        run.make_claim().await?;
        run.ask(&spec("write", Probe::Write, users.trusted, Sees::Claim { read_only: false })).await
    };
    let written = write.await;
    if written.is_err() {
        let silence = || Silence::Other("the probe of storage did not write".into());
        return (written, Err(silence()), Err(silence()));
    }
    // Not at the same time: what the one makes is not what the other is to find.
    let looked = run.ask(&spec("look", Probe::Look, users.verify, Sees::Claim { read_only: true })).await;
    let owned = run.ask(&spec("own", Probe::Own, users.verify, Sees::Claim { read_only: false })).await;
    (written, looked, owned)
}

/// Connects without a policy, out of a pod that a policy cuts off, and into one.
async fn network(run: &Run<'_>, users: &Users) -> Told<Connections> {
    // The policy stands before the pods that it cuts off: enforcers are judged by how they treat new pods.
    run.make_policy().await?;
    let open = spec("open", Probe::Listen, users.trusted, Sees::Nothing);
    let closed = Spec { name: "closed", cut_off: true, ..open };
    let (open, closed) = tokio::try_join!(run.listen(&open), run.listen(&closed))?;
    let free = Spec { argument: Some(&open), ..spec("free", Probe::Connect, users.test, Sees::Nothing) };
    let out = Spec { name: "out", cut_off: true, ..free };
    let into = Spec { name: "into", argument: Some(&closed), ..free };
    let (free, out, into) = tokio::try_join!(run.ask(&free), run.ask(&out), run.ask(&into))?;
    Ok(Connections { free, out, into })
}

async fn home(run: &Run<'_>, operator: &Operator, student: Option<&StudentId>) -> Check {
    let Some(student) = student else { return catalogue::HOME.not_checked("name a student by --student") };
    let claim = operator.settings().claims.student.of(student.as_str());
    let trusted = operator.settings().users.trusted;
    let told: Told<Home> = run.ask(&spec("home", Probe::Home, trusted, Sees::Home { claim: &claim })).await;
    judge::home(&told, &claim, trusted)
}

fn spec<'a>(name: &'a str, probe: Probe, user: u32, sees: Sees<'a>) -> Spec<'a> {
    Spec { name, probe, argument: None, user, sees, cut_off: false }
}
