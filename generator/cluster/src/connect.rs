//! Finding the cluster, and the operator's settings in it.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use assay_core::operator::Operator;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde::de::DeserializeOwned;

use crate::error::ClusterError;
use crate::rights::{OPERATOR_MAP, Right};

/// The longest that one answer of the API server may take.
pub(crate) const ANSWER: Duration = Duration::from_secs(30);
/// The longest that finding the API server may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How many objects one answer of the API server may hold.
const PAGE: u32 = 500;
/// The key of the operator's file in its ConfigMap.
const OPERATOR_KEY: &str = "operator.yaml";

/// Which cluster, and whose settings.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A context of the kubeconfig; otherwise its current one.
    pub context: Option<String>,
    /// The jobs' namespace; otherwise that of `operator`, or of the default settings.
    pub namespace: Option<String>,
    /// The operator's settings; otherwise they are read from the cluster.
    pub operator: Option<Operator>,
}

/// A cluster that answers, with the operator's settings.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    operator: Operator,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("namespace", &self.namespace()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Connects as the kubeconfig says, or as a pod's account inside a cluster, and reads the operator's settings.
    ///
    /// # Errors
    /// Where there is no cluster, it does not answer, or the settings cannot be read or used.
    pub async fn connect(options: Options) -> Result<Cluster, ClusterError> {
        let mut config = config(options.context.clone()).await?;
        config.connect_timeout = Some(CONNECT);
        let client =
            Client::try_from(config).map_err(|error| ClusterError::Configuration(Box::new(error)))?;
        Cluster::with_client(client, options).await
    }

    /// The same over a client that is there; [`Options::context`] does not matter.
    ///
    /// # Errors
    /// See [`Cluster::connect`].
    pub async fn with_client(client: Client, options: Options) -> Result<Cluster, ClusterError> {
        let Options { context: _, namespace, operator } = options;
        let operator = match operator {
            Some(operator) => operator,
            None => {
                let default = || Operator::default().settings().namespace.clone();
                settings(&client, &namespace.clone().unwrap_or_else(default)).await?
            }
        };
        let theirs = &operator.settings().namespace;
        match namespace {
            Some(asked) if asked != *theirs => {
                Err(ClusterError::OtherNamespace { theirs: theirs.clone(), asked })
            }
            _ => Ok(Cluster { client, operator }),
        }
    }

    /// The connection itself.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The operator's settings.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The jobs' namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.operator.settings().namespace
    }

    /// The objects of a kind in the jobs' namespace.
    #[must_use]
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), self.namespace())
    }

    /// Awaits one answer of the API server, within a limit, and says which right it was about if it is no.
    ///
    /// # Errors
    /// What the API server says, or that it says nothing.
    pub async fn ask<T>(
        &self,
        right: Right,
        answer: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, ClusterError> {
        within(right, self.namespace(), answer).await
    }

    /// As [`Cluster::ask`]; `None` where the object is not there.
    ///
    /// # Errors
    /// See [`Cluster::ask`].
    pub async fn ask_for<T>(
        &self,
        right: Right,
        answer: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<Option<T>, ClusterError> {
        match self.ask(right, answer).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects that `which` means, page by page, each of which has the time of an answer.
    ///
    /// # Errors
    /// See [`Cluster::ask`].
    pub async fn list<K>(
        &self,
        right: Right,
        objects: &Api<K>,
        which: &ListParams,
    ) -> Result<Vec<K>, ClusterError>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        let mut found = Vec::new();
        let mut page = which.clone().limit(PAGE);
        loop {
            let answer = self.ask(right, objects.list(&page)).await?;
            found.extend(answer.items);
            match answer.metadata.continue_.filter(|next| !next.is_empty()) {
                Some(next) => page = page.continue_token(&next),
                None => return Ok(found),
            }
        }
    }
}

async fn within<T>(
    right: Right,
    namespace: &str,
    answer: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ClusterError> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer.map_err(|error| ClusterError::of(error, right, namespace)),
        Err(_elapsed) => Err(ClusterError::Silent { right, after: ANSWER }),
    }
}

async fn config(context: Option<String>) -> Result<Config, ClusterError> {
    let configuration = |error| ClusterError::Configuration(Box::new(error));
    match Kubeconfig::read() {
        Ok(file) => {
            let options = KubeConfigOptions { context, cluster: None, user: None };
            Config::from_custom_kubeconfig(file, &options).await.map_err(configuration)
        }
        // A kubeconfig that is there and cannot be used is not passed over in silence.
        Err(error) if std::env::var_os("KUBECONFIG").is_some() => Err(configuration(error)),
        Err(error) => Config::incluster().map_err(|_| ClusterError::NotConfigured(Box::new(error))),
    }
}

async fn settings(client: &Client, namespace: &str) -> Result<Operator, ClusterError> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let missing = || ClusterError::NoOperator { namespace: namespace.into() };
    let map = match within(Right::READ_OPERATOR, namespace, maps.get(OPERATOR_MAP)).await {
        Ok(map) => map,
        Err(error) if error.is_missing() => return Err(missing()),
        Err(error) => return Err(error),
    };
    let text = map.data.and_then(|mut data| data.remove(OPERATOR_KEY)).ok_or_else(missing)?;
    Operator::from_yaml(&text)
        .map_err(|source| ClusterError::Operator { namespace: namespace.into(), source })
}
