//! Looks a cluster over, before and after an installation: what is there, what is missing, and what mends it.
//!
//! A check never changes anything; probes make pods and a claim of their own, and remove them. What this account may not
//! see is not checked, and said so. Keys and tokens are looked at for their form alone, and never shown.

mod accounts;
mod argo;
mod catalogue;
mod check;
mod clock;
mod look;
mod namespace;
mod network;
mod policies;
pub mod probe;
mod storage;
mod versions;

use assay_contract::StudentId;
use assay_core::operator::Operator;
use kube::Client;
use serde::Serialize;

pub use catalogue::{ALL, explain};
pub use check::{Check, Definition, Outcome};

use check::Definition as Checked;
use look::Seen;

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether probes are left out.
    pub quick: bool,
    /// Whose home is to be looked at.
    pub student: Option<StudentId>,
    /// Argo's namespace.
    pub argo: String,
    /// Whether the settings in use came from the cluster.
    pub settings_from_cluster: bool,
}

/// What a doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each check, in the order of [`ALL`].
    pub checks: Vec<Check>,
    /// Whether it was ended before the probes were done.
    pub interrupted: bool,
}

impl Report {
    /// How many checks came out so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }
}

/// Looks the cluster over. `stop` ends probes early, and what they made is removed.
pub async fn examine(
    client: &Client,
    operator: &Operator,
    options: &Options,
    stop: impl Future<Output = ()>,
) -> Report {
    let Options { quick, student, argo, settings_from_cluster } = options;
    let mut checks = versions::check(client).await;
    let controller = argo::controller(client, argo).await;
    checks.extend(argo::check(client, operator, argo, &controller).await);
    checks.push(clock::check(client).await);
    checks.push(policies::there(client, operator).await);
    let class = storage::class(client, operator).await;
    let has_storage = class.outcome != Outcome::Problem;
    checks.push(class);
    let mut interrupted = false;
    let namespace = namespace::seen(client, &operator.settings().namespace).await;
    checks.push(namespace::labels(&operator.settings().namespace, &namespace));
    if namespace == Seen::Missing {
        let why = "the jobs' namespace is not there yet";
        let unchecked =
            |definition: &&&'static Checked| checks.iter().all(|check| check.definition != **definition);
        let rest: Vec<Check> =
            ALL.iter().filter(unchecked).map(|definition| definition.not_checked(why)).collect();
        checks.extend(rest);
    } else {
        checks.push(accounts::controller(client, operator, argo, &controller).await);
        checks.extend(namespace::settings(client, operator, *settings_from_cluster).await);
        checks.push(policies::work(client, operator).await);
        checks.push(namespace::admits(client, operator).await);
        checks.extend(accounts::check(client, operator).await);
        checks.push(network::check(client, operator).await);
        checks.push(storage::quotas(client, operator).await);
        checks.extend(storage::claims(client, operator).await);
        checks.extend(if *quick {
            probe::none("left out by --quick")
        } else {
            let wanted = probe::Wanted { storage: has_storage, student: student.as_ref() };
            let probed = probe::check(client, operator, wanted, stop).await;
            interrupted = probed.is_none();
            probed.unwrap_or_else(|| probe::none("interrupted"))
        });
    }
    checks.sort_by_key(|check| ALL.iter().position(|definition| *definition == check.definition));
    Report { checks, interrupted }
}
