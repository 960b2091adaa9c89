//! Hearing of changes: one stream a kind, which lists first, goes on with what changes, and lists again after a gap.
//!
//! A stream never ends. What it says is what the API server said last; whoever decides on it names the version, so that what
//! was overtaken changes nothing.

use std::fmt::Debug;
use std::future;

use futures_util::{Stream, StreamExt};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::job::{JobView, view_of};
use crate::request::Request;
use crate::rights::Right;
use crate::template::Template;

/// How many objects one answer holds while all are listed: Workflows are large.
const PAGE: u32 = 50;

/// What a stream says.
#[derive(Debug)]
pub enum Change<T> {
    /// All objects follow, and then [`Change::Listed`]; what does not follow is gone.
    Listing,
    /// This is how it is now.
    There(T),
    /// The object of this name is gone.
    Gone(String),
    /// All objects have been told.
    Listed,
    /// Nothing can be heard at the moment; it is tried again.
    Deaf(ClusterError),
}

/// The requests.
pub fn requests(cluster: &Cluster) -> impl Stream<Item = Change<Request>> + Send + use<> {
    changes(cluster, Right::WATCH_REQUESTS, cluster.api::<Request>(), |mut request| {
        // Who wrote which field is most of an object, and nobody here asks.
        request.metadata.managed_fields = None;
        Some(request)
    })
}

/// The jobs.
pub fn jobs(cluster: &Cluster) -> impl Stream<Item = Change<JobView>> + Send + use<> {
    changes(cluster, Right::WATCH_JOBS, Kind::Workflow.api(cluster), |object| Some(view_of(&object)))
}

/// The templates.
pub fn templates(cluster: &Cluster) -> impl Stream<Item = Change<Template>> + Send + use<> {
    changes(cluster, Right::WATCH_TEMPLATES, Kind::WorkflowTemplate.api(cluster), |object| {
        Template::of(&object).ok()
    })
}

fn changes<K, T, F>(
    cluster: &Cluster,
    right: Right,
    objects: Api<K>,
    read: F,
) -> impl Stream<Item = Change<T>> + Send + use<K, T, F>
where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Send + 'static,
    T: Send,
    F: Fn(K) -> Option<T> + Send + 'static,
{
    let namespace = cluster.namespace().to_owned();
    let events = watcher(objects, watcher::Config::default().page_size(PAGE)).default_backoff();
    events.filter_map(move |event| {
        future::ready(match event {
            Ok(Event::Init) => Some(Change::Listing),
            Ok(Event::InitApply(object) | Event::Apply(object)) => read(object).map(Change::There),
            Ok(Event::InitDone) => Some(Change::Listed),
            Ok(Event::Delete(object)) => Some(Change::Gone(object.name_any())),
            Err(error) => Some(Change::Deaf(deaf(error, right, &namespace))),
        })
    })
}

/// What a watcher's error means for whoever has to mend it.
fn deaf(error: watcher::Error, right: Right, namespace: &str) -> ClusterError {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => ClusterError::of(error, right, namespace),
        error @ (watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion) => {
            ClusterError::Bug(Box::new(error))
        }
    }
}
