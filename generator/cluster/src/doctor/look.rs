//! Looking at a cluster: what is there, what is not, and what this account may not see.
//!
//! A doctor reads much that nobody else may read, and an account without some right still learns the rest: so a missing
//! right is an answer here, not an error.

use std::fmt::Debug;
use std::future::Future;

use kube::api::ListParams;
use kube::{Api, Client};
use serde::de::DeserializeOwned;

use crate::connect::ANSWER;

/// How it begins when a right is missing here: that says nothing of the cluster.
pub(super) const NO_RIGHT: &str = "this account cannot";

/// What looking came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen<T> {
    /// It is there.
    There(T),
    /// It is not there.
    Missing,
    /// It cannot be seen, and why.
    Hidden(String),
}

impl<T> Seen<T> {
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Seen::There(it) => Seen::There(change(it)),
            Seen::Missing => Seen::Missing,
            Seen::Hidden(why) => Seen::Hidden(why),
        }
    }
}

/// Awaits one answer within a limit.
pub(super) async fn see<T>(answer: impl Future<Output = Result<T, kube::Error>>) -> Seen<T> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(Ok(it)) => Seen::There(it),
        Ok(Err(kube::Error::Api(status))) if status.code == 404 => Seen::Missing,
        Ok(Err(error)) => Seen::Hidden(why(&error)),
        Err(_elapsed) => Seen::Hidden(format!("no answer within {} s", ANSWER.as_secs())),
    }
}

/// What an error says, in one line.
pub(super) fn why(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.code == 403 && status.message.contains(" cannot ") => {
            let says = &status.message;
            let right = says.split_once(" cannot ").map_or(says.as_str(), |(_, right)| right);
            format!("{NO_RIGHT} {right}")
        }
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

/// One object.
pub(super) async fn object<K>(api: &Api<K>, name: &str) -> Seen<K>
where
    K: Clone + DeserializeOwned + Debug,
{
    see(api.get(name)).await
}

/// All objects of a kind, or those with some label.
pub(super) async fn list<K>(api: &Api<K>, labels: Option<&str>) -> Seen<Vec<K>>
where
    K: Clone + DeserializeOwned + Debug,
{
    let parameters = labels.map_or_else(ListParams::default, |labels| ListParams::default().labels(labels));
    see(api.list(&parameters)).await.map(|list| list.items)
}

/// The answer to a plain GET.
pub(super) async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> Seen<T> {
    let request = match http::Request::get(path).body(Vec::new()) {
        Ok(request) => request,
        Err(error) => return Seen::Hidden(error.to_string()),
    };
    see(client.request(request)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_said_without_the_servers_phrases() {
        let status = serde_json::json!({"code": 403, "message":
            "nodes is forbidden: User \"ada\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"});
        let error = kube::Error::Api(serde_json::from_value(status).unwrap());
        assert_eq!(
            why(&error),
            "this account cannot list resource \"nodes\" in API group \"\" at the cluster scope"
        );
    }
}
