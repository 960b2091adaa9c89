//! What is counted, for Prometheus. No metric has a student in it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// From a second to some hours.
const WAITS: [f64; 10] = [1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 14_400.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Again {
    again: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Progress {
    progress: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fault {
    fault: &'static str,
}

/// What is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    handed_in: Family<Again, Counter>,
    requests: Family<Progress, Gauge>,
    concluded: Family<Fault, Counter>,
    failures: Counter,
    wait: Histogram,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("assay_queue");
        let handed_in = Family::<Again, Counter>::default();
        registry.register(
            "handed_in",
            "Requests that were taken; again: they were there before",
            handed_in.clone(),
        );
        let requests = Family::<Progress, Gauge>::default();
        registry.register("requests", "Requests that are known now, by how far they are", requests.clone());
        let concluded = Family::<Fault, Counter>::default();
        registry.register(
            "concluded",
            "Conclusions that this server was the first to see",
            concluded.clone(),
        );
        let failures = Counter::default();
        registry.register(
            "failures",
            "Steps that the cluster did not let this server take",
            failures.clone(),
        );
        let wait = Histogram::new(WAITS);
        registry.register_with_unit(
            "wait",
            "From the hand-in to the start of a job",
            Unit::Seconds,
            wait.clone(),
        );
        Metrics { registry, handed_in, requests, concluded, failures, wait }
    }
}

impl Metrics {
    /// Something was handed in.
    pub(crate) fn handed_in(&self, new: bool) {
        self.handed_in.get_or_create(&Again { again: if new { "no" } else { "yes" } }).inc();
    }

    /// A job started that waited so long.
    pub(crate) fn started(&self, waited: Duration) {
        self.wait.observe(waited.as_secs_f64());
    }

    /// A job ended. Its verdict would tell a student who looks before and after what is not to be seen yet.
    pub(crate) fn concluded(&self, by_the_systems_fault: bool) {
        let fault = if by_the_systems_fault { "system" } else { "none of the system's" };
        self.concluded.get_or_create(&Fault { fault }).inc();
    }

    /// Something did not work.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    /// All of it as Prometheus reads it, with how many requests there are now.
    ///
    /// # Errors
    /// Only by a bug.
    pub(crate) fn text(&self, requests: &BTreeMap<&'static str, u64>) -> Result<String, fmt::Error> {
        for (progress, count) in requests {
            let gauge = self.requests.get_or_create(&Progress { progress });
            gauge.set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
