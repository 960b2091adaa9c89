//! Why an image was not made or not brought to its place: what, where, whose fault, what to do.

use std::path::PathBuf;

use oci_client::errors::{OciDistributionError, OciErrorCode};

use crate::Architecture;
use crate::blob::Broken;

/// Why an image was not made or not brought to its place.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The caller's: a text that is no reference.
    #[error("`{found}` is not a reference to an image")]
    NotAReference {
        /// The text, escaped.
        found: String,
    },
    /// The caller's: bytes that no image of ours can hold.
    #[error("{name} is not an ELF program for amd64 or arm64")]
    NotAProgram {
        /// What the bytes were given as.
        name: &'static str,
    },
    /// The caller's: a program that an empty root cannot start.
    #[error("{name} is not static: it needs a loader, and the image holds none")]
    NotStatic {
        /// What the program was given as.
        name: &'static str,
        /// What it was built for.
        architecture: Architecture,
    },
    /// The caller's: a stage tool for benchmarks, which would run student code as if it were anybody's.
    #[error("the stage tool was built without hardening: it confines nothing")]
    NotHardened,
    /// The caller's: programs for different machines in one image.
    #[error("one program is for {stage}, the other for {assay}")]
    TwoArchitectures {
        /// What the stage tool is for.
        stage: Architecture,
        /// What `assay` is for.
        assay: Architecture,
    },
    /// The caller's: the reference pins another image than the one that was made.
    #[error("{reference} is pinned to another image than this one, which is {built}")]
    OtherDigest {
        /// Where the image was to go.
        reference: String,
        /// The digest of what was made.
        built: String,
    },
    /// The caller's: nothing to push under.
    #[error("{reference} has no tag to push under")]
    NoTag {
        /// Where the image was to go.
        reference: String,
    },
    /// The caller's: a base that cannot take a layer of ours.
    #[error("{reference} cannot be a base")]
    Base {
        /// The base.
        reference: String,
        /// Why not.
        #[source]
        why: Unusable,
    },
    /// The caller's: credentials that cannot be used.
    #[error("the credentials for {registry} in {} cannot be used: {why}", file.display())]
    Credentials {
        /// The registry.
        registry: String,
        /// Where they were looked for.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// The machine's: nothing to check the certificates of registries by, usually.
    #[error("no registry can be spoken to from here: {why}")]
    Tls {
        /// The innermost cause.
        why: String,
    },
    /// The registry's, or the network's.
    #[error("cannot {doing} {reference}")]
    Registry {
        /// `pull` or `push`.
        doing: &'static str,
        /// The image.
        reference: String,
        /// What happened.
        #[source]
        problem: Problem,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive")]
    Write(#[from] std::io::Error),
    /// A bug: a document of ours cannot be written.
    #[error("cannot write a document of the image")]
    Document(#[from] serde_json::Error),
}

/// Why an image cannot be a base.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// An index without an image for the machine.
    #[error("it has no image for linux/{architecture}")]
    NotForMachine {
        /// The machine of our programs.
        architecture: Architecture,
    },
    /// An image for another machine.
    #[error("it is for {found}, not for linux/{architecture}")]
    Platform {
        /// What it is for.
        found: String,
        /// The machine of our programs.
        architecture: Architecture,
    },
    /// Something else than an image, or an image in parts that only other tools know.
    #[error("`{0}` is not of a container image, or cannot be copied")]
    MediaType(String),
    /// A descriptor that does not hold.
    #[error("its manifest names a blob without a SHA-256 or a size")]
    Descriptor,
    /// A configuration that is no JSON object, or an extremely large one.
    #[error("its configuration cannot be read")]
    Config,
    /// A field of the configuration that does not fit.
    #[error("`{0}` in its configuration is missing or does not fit its layers")]
    Member(&'static str),
}

/// What happened between us and a registry.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No answer, or one that broke off.
    #[error("{registry} cannot be reached over {scheme}: {why}")]
    Unreachable {
        /// The registry.
        registry: String,
        /// `http` or `https`.
        scheme: &'static str,
        /// The innermost cause.
        why: String,
    },
    /// No right to do this.
    #[error(
        "{registry} refuses {}",
        if credentials.is_some() { "the credentials that are stored for it" } else { "to do this without credentials" }
    )]
    Unauthorized {
        /// The registry.
        registry: String,
        /// Where the credentials came from, if there were any.
        credentials: Option<PathBuf>,
    },
    /// No such image.
    #[error("{registry} does not have it")]
    NotFound {
        /// The registry.
        registry: String,
    },
    /// The registry says no.
    #[error("{registry} answers: {message}")]
    Refused {
        /// The registry.
        registry: String,
        /// Its words.
        message: String,
    },
    /// What came is not what was announced.
    #[error("what {registry} sent is damaged: {why}")]
    Damaged {
        /// The registry.
        registry: String,
        /// How.
        why: String,
    },
}

/// Longer words of a registry are cut.
const WORDS: usize = 300;

impl Problem {
    /// What an error of the client means; `credentials` is where those that were used came from.
    pub(crate) fn new(
        error: &OciDistributionError,
        registry: &str,
        scheme: &'static str,
        credentials: Option<PathBuf>,
    ) -> Problem {
        use OciDistributionError as E;
        let registry = registry.to_owned();
        let refused = |registry, message: &str| Problem::Refused {
            registry,
            message: message.trim().chars().take(WORDS).collect(),
        };
        match error {
            E::AuthenticationFailure(_) | E::UnauthorizedError { .. } => {
                Problem::Unauthorized { registry, credentials }
            }
            E::ServerError { code: 401 | 403, .. } => Problem::Unauthorized { registry, credentials },
            E::ServerError { code: 404, .. } => Problem::NotFound { registry },
            E::ServerError { code, message, .. } => refused(registry, &format!("{code} {message}")),
            E::RegistryError { envelope, .. } => {
                let is = |codes: &[OciErrorCode]| envelope.errors.iter().any(|e| codes.contains(&e.code));
                if is(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                    return Problem::Unauthorized { registry, credentials };
                }
                if is(&[
                    OciErrorCode::ManifestUnknown,
                    OciErrorCode::NameUnknown,
                    OciErrorCode::NotFound,
                    OciErrorCode::BlobUnknown,
                ]) {
                    return Problem::NotFound { registry };
                }
                let words: Vec<&str> = envelope.errors.iter().map(|error| error.message.as_str()).collect();
                refused(registry, &words.join("; "))
            }
            E::RequestError(request) => match request.status().map(|status| status.as_u16()) {
                Some(401 | 403) => Problem::Unauthorized { registry, credentials },
                Some(404) => Problem::NotFound { registry },
                Some(code) => refused(registry, &code.to_string()),
                None => Problem::Unreachable { registry, scheme, why: innermost(request) },
            },
            other => Problem::Damaged { registry, why: innermost(other) },
        }
    }

    /// What a stream that broke means.
    pub(crate) fn of_stream(broken: Broken, registry: &str, scheme: &'static str) -> Problem {
        let registry = registry.to_owned();
        match broken {
            Broken::Connection(why) => Problem::Unreachable { registry, scheme, why },
            Broken::Damaged(why) => Problem::Damaged { registry, why },
        }
    }

    fn hint(&self) -> String {
        match self {
            Problem::Unreachable { registry, scheme: "https", .. } => format!(
                "check the name, the network and, for a certificate of your own, SSL_CERT_FILE; \
                 a registry that speaks http alone needs `--plain-http {registry}`, and sends everything in the clear"
            ),
            Problem::Unreachable { .. } => "check the name and the network, and run it again".into(),
            Problem::Unauthorized { registry, credentials: None } => {
                format!("store credentials by `docker login {registry}`, or check the name of the repository")
            }
            Problem::Unauthorized { registry, credentials: Some(file) } => format!(
                "renew those in {} by `docker login {registry}`, or ask who runs the registry for the right",
                file.display()
            ),
            Problem::NotFound { .. } => "check repository, tag and digest".into(),
            Problem::Refused { .. } => "ask who runs the registry".into(),
            Problem::Damaged { .. } => "run it again; if it stays so, ask who runs the registry".into(),
        }
    }
}

impl ImageError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ImageError::NotAReference { .. } => {
                "write `registry/repository:tag`, with `@sha256:…` behind it to pin it".into()
            }
            ImageError::NotAProgram { .. } => "give the program as it was built".into(),
            ImageError::NotStatic { architecture, .. } => {
                let target = match architecture {
                    Architecture::Amd64 => "x86_64-unknown-linux-gnu",
                    Architecture::Arm64 => "aarch64-unknown-linux-gnu",
                };
                format!(
                    "build it with `RUSTFLAGS=-Ctarget-feature=+crt-static cargo build --release --target {target}` \
                     and run that one"
                )
            }
            ImageError::NotHardened => {
                "build it without the feature `without-hardening`, which is for benchmarks alone".into()
            }
            ImageError::TwoArchitectures { .. } => "build both for the same machine".into(),
            ImageError::OtherDigest { .. } => {
                "take the digest away, or give another reference by --tag".into()
            }
            ImageError::NoTag { .. } => "give a reference with a tag by --tag".into(),
            ImageError::Base { .. } => "give another image by --base".into(),
            ImageError::Credentials { registry, .. } => {
                format!("store a name and a password or token by `docker login {registry}`")
            }
            ImageError::Tls { .. } => {
                "install the system's certificates (Debian: ca-certificates), or name a file with some in SSL_CERT_FILE"
                    .into()
            }
            ImageError::Registry { problem, .. } => problem.hint(),
            ImageError::Write(_) | ImageError::Document(_) => return None,
        })
    }
}

/// The words of the innermost cause; those around it say only that a request failed.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().take(WORDS).collect()
}
