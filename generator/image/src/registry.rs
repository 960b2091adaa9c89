//! Connections to registries: which protocol, which credentials, and what their errors mean.

use std::fs::File;
use std::io::{self, BufReader};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use futures_util::StreamExt;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OciManifest;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use crate::blob::{self, Broken, Pieces};
use crate::error::innermost;
use crate::{ImageError, Problem, image};

/// How long a registry may take to begin, and to go on.
const CONNECT: Duration = Duration::from_secs(20);
const READ: Duration = Duration::from_secs(120);

/// What is needed to reach registries, beside their names.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// A `config.json` as Docker's clients keep it, with credentials or the names of programs that have them. A file that is
    /// not there holds none.
    pub credentials: Option<PathBuf>,
    /// Registries, as `host[:port]`, that are spoken to without TLS. Those on loopback always are.
    pub plain_http: Vec<String>,
}

impl Access {
    /// The registry of a reference. Nothing is sent yet.
    pub(crate) fn registry(&self, reference: &Reference) -> Result<Registry, ImageError> {
        let host = reference.resolve_registry();
        let named = |registry: &String| registry == host || registry == reference.registry();
        let plain = is_loopback(host) || self.plain_http.iter().any(named);
        // Fails only if there is one already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::try_from(ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            // Chunks are what registries differ in; one request a blob is what all of them take.
            use_monolithic_push: true,
            connect_timeout: Some(CONNECT),
            read_timeout: Some(READ),
            user_agent: concat!("assay/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        });
        let auth = self.credentials_for(host)?;
        let credentials = match auth {
            RegistryAuth::Anonymous => None,
            RegistryAuth::Basic(..) | RegistryAuth::Bearer(_) => self.credentials.clone(),
        };
        let scheme = if plain { "http" } else { "https" };
        let client = client.map_err(|error| ImageError::Tls { why: innermost(&error) })?;
        Ok(Registry { client, reference: reference.clone(), auth, credentials, scheme })
    }

    fn credentials_for(&self, host: &str) -> Result<RegistryAuth, ImageError> {
        use CredentialRetrievalError as E;
        let Some(path) = &self.credentials else { return Ok(RegistryAuth::Anonymous) };
        let unusable = |why: &str| ImageError::Credentials {
            registry: host.to_owned(),
            file: path.clone(),
            why: why.to_owned(),
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
            Err(error) => return Err(unusable(&error.to_string())),
        };
        // The name under which Docker's clients keep the credentials for Docker Hub.
        let server = if host == "index.docker.io" { "https://index.docker.io/v1/" } else { host };
        match docker_credential::get_credential_from_reader(BufReader::new(file), server) {
            Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
            Ok(DockerCredential::IdentityToken(_)) => {
                Err(unusable("they are an identity token, which registries do not take as it is"))
            }
            Err(E::NoCredentialConfigured) => Ok(RegistryAuth::Anonymous),
            // So say the programs that come with Docker when they hold none.
            Err(E::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
                Ok(RegistryAuth::Anonymous)
            }
            // What it printed is not repeated: it could be a password.
            Err(E::HelperFailure { helper, .. }) => Err(unusable(&format!("{helper} failed"))),
            Err(E::HelperCommunicationError | E::MalformedHelperResponse) => {
                Err(unusable("the program that keeps them does not answer as it should"))
            }
            Err(E::CredentialDecodingError | E::CredentialMismatchError) => {
                Err(unusable("they are not `user:password` in base64"))
            }
            Err(E::ConfigNotFound | E::ConfigReadError) => Err(unusable("the file is not such JSON")),
        }
    }
}

/// Whether a registry is on this machine, by its name alone.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => registry,
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A registry, and the image in it that is meant.
pub(crate) struct Registry {
    client: Client,
    reference: Reference,
    auth: RegistryAuth,
    credentials: Option<PathBuf>,
    scheme: &'static str,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("reference", &self.reference).finish_non_exhaustive()
    }
}

impl Registry {
    pub(crate) fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The client, ready to answer a registry that asks who we are.
    pub(crate) async fn client(&self) -> &Client {
        self.client.store_auth_if_needed(self.reference.resolve_registry(), &self.auth).await;
        &self.client
    }

    /// The manifest and its digest, which it was held against if anyone named one.
    pub(crate) async fn manifest(&self) -> Result<(OciManifest, String), ImageError> {
        let pulled = self.client.pull_manifest(&self.reference, &self.auth).await;
        pulled.map_err(|error| self.failed("pull", &error))
    }

    /// The digest that the reference has now; `None` if it has none, or if the registry does not tell.
    pub(crate) async fn current_digest(&self) -> Option<String> {
        self.client.fetch_manifest_digest(&self.reference, &self.auth).await.ok()
    }

    /// The pieces of a blob. The client holds them against the digest, and fails at the end if they differ.
    pub(crate) async fn blob(&self, digest: &str, size: u64) -> Result<Pieces, ImageError> {
        // The type says nothing to the client.
        let descriptor = image::descriptor("", digest, size);
        let stream = self.client().await.pull_blob_stream(&self.reference, &descriptor).await;
        let stream = stream.map_err(|error| self.failed("pull", &error))?;
        let pieces = stream.map(|piece| piece.map_err(|error| broken(&error)));
        Ok(blob::held(Box::pin(pieces), size))
    }

    /// What an error of the client means to whoever wanted to do this.
    pub(crate) fn failed(&self, doing: &'static str, error: &OciDistributionError) -> ImageError {
        let host = self.reference.resolve_registry();
        let problem = Problem::new(error, host, self.scheme, self.credentials.clone());
        ImageError::Registry { doing, reference: self.reference.to_string(), problem }
    }

    /// What a stream from here that broke means.
    pub(crate) fn broken(&self, broken: Broken) -> ImageError {
        let problem = Problem::of_stream(broken, self.reference.resolve_registry(), self.scheme);
        ImageError::Registry { doing: "pull", reference: self.reference.to_string(), problem }
    }
}

/// The client checks the digest too, and reports what differs as an error of reading.
fn broken(error: &io::Error) -> Broken {
    let digest = error.get_ref().is_some_and(|inner| inner.is::<oci_client::errors::DigestError>());
    if digest { Broken::Damaged(error.to_string()) } else { Broken::Connection(innermost(error)) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_on_loopback() {
        for name in ["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80"] {
            assert!(is_loopback(name), "{name}");
        }
        for name in ["localhost.example", "127.0.0.1.example:80", "10.0.0.1:5000", "0.0.0.0:5000", "registry"]
        {
            assert!(!is_loopback(name), "{name}");
        }
    }

    fn found(text: &str, host: &str) -> Result<RegistryAuth, ImageError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        fs::write(&file, text).unwrap();
        Access { credentials: Some(file), plain_http: Vec::new() }.credentials_for(host)
    }

    #[test]
    fn credentials_are_those_of_the_registry() {
        let text = r#"{"auths": {"r.example:5000": {"auth": "YTpiOmM="}, "https://index.docker.io/v1/": {"auth": "ZDpl"}}}"#;
        let basic = |user: &str, password: &str| RegistryAuth::Basic(user.into(), password.into());
        assert_eq!(found(text, "r.example:5000").unwrap(), basic("a", "b:c"));
        assert_eq!(found(text, "index.docker.io").unwrap(), basic("d", "e"));
        assert_eq!(found(text, "r.example").unwrap(), RegistryAuth::Anonymous);
        assert_eq!(found("{}", "r.example").unwrap(), RegistryAuth::Anonymous);
        let missing = Access { credentials: Some("/nowhere/config.json".into()), plain_http: Vec::new() };
        assert_eq!(missing.credentials_for("r.example").unwrap(), RegistryAuth::Anonymous);
        assert_eq!(Access::default().credentials_for("r.example").unwrap(), RegistryAuth::Anonymous);
    }

    #[test]
    fn credentials_that_cannot_be_used_are_an_error_and_not_shown() {
        for text in [
            "{",
            r#"{"auths": {"r": {"auth": "c2VjcmV0"}}}"#,
            r#"{"auths": {"r": {"auth": "%secret%"}}}"#,
            r#"{"auths": {"r": {"identitytoken": "secret"}}}"#,
            r#"{"credHelpers": {"r": "is-not-installed-secret"}}"#,
        ] {
            let error = found(text, "r").unwrap_err();
            assert!(matches!(&error, ImageError::Credentials { registry, .. } if registry == "r"), "{text}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
