//! One request and its answer.

use std::time::Duration;

use assay_contract::queue::{HandInRequest, History, PREFIX, Problem, ProblemCode, Rules, Standing};
use assay_contract::{AssignmentId, JobId};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::{Address, Patience, Token};

/// The longest that a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that an answer may take, all of it.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest that a stream may be silent; the server says something four times as often.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest look at rules: they are for a look before handing in, and nothing waits for them.
const GLANCE: Duration = Duration::from_secs(10);
/// The longest answer, in bytes: a history of a few hundred jobs.
const LONGEST: usize = 2 << 20;

/// The queue server, as a student asks it.
#[derive(Debug, Clone)]
pub struct Client {
    client: reqwest::Client,
    address: Address,
    pub(crate) patience: Patience,
}

/// An answer that is no yes, and how long the server wants to be left alone.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    pub(crate) asked: Option<Duration>,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        Failure { error, asked: None }
    }
}

impl Client {
    /// A client of the queue server at `address`, for the owner of `token`. Without a hub there is no token.
    ///
    /// # Errors
    /// If this machine cannot make connections at all.
    pub fn new(address: Address, token: Option<&Token>, patience: Patience) -> Result<Client, ClientError> {
        // The TLS of this program has no provider of its own; that another part set one before is no matter.
        let _set_before = rustls::crypto::ring::default_provider().install_default();
        let machine = |error: &dyn std::error::Error| ClientError::Machine(error.to_string());
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, token.header().map_err(|error| machine(&error))?);
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            // A token is for the address that the caller named, and for no proxy and no other place.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .default_headers(headers)
            .build()
            .map_err(|error| machine(&error))?;
        Ok(Client { client, address, patience })
    }

    /// The queue server's address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Where a job stands.
    ///
    /// # Errors
    /// If the server cannot be asked, does not know the job, or answers with another one.
    pub async fn standing(&self, job: &JobId) -> Result<Standing, ClientError> {
        let standing: Standing = self.get(&format!("/jobs/{job}"), ANSWER).await?;
        of_job(standing, job)
    }

    /// The caller's jobs, the newest first; of one assignment, or all.
    ///
    /// # Errors
    /// If the server cannot be asked, or answers with jobs of another assignment.
    pub async fn history(&self, assignment: Option<&AssignmentId>) -> Result<Vec<Standing>, ClientError> {
        let query = assignment.map_or_else(String::new, |assignment| format!("?assignment={assignment}"));
        let History { api_version: _, jobs } = self.get(&format!("/jobs{query}"), ANSWER).await?;
        if assignment.is_some_and(|wanted| jobs.iter().any(|job| job.assignment != *wanted)) {
            return Err(ClientError::Other("jobs of another assignment"));
        }
        Ok(jobs)
    }

    /// What the rules of an assignment say; `None` where the server does not tell: there is no such assignment, or the server
    /// is older than this question.
    ///
    /// # Errors
    /// If the server cannot be asked, or answers with another assignment.
    pub async fn rules(&self, assignment: &AssignmentId) -> Result<Option<Rules>, ClientError> {
        let rules: Rules = match self.get(&format!("/assignments/{assignment}"), GLANCE).await {
            Ok(rules) => rules,
            Err(error) if error.code() == Some(ProblemCode::Missing) => return Ok(None),
            Err(ClientError::Strange(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        if rules.assignment == *assignment { Ok(Some(rules)) } else { Err(ClientError::Other("another assignment")) }
    }

    pub(crate) async fn post(&self, request: &HandInRequest) -> Result<Vec<u8>, Failure> {
        let request = self.request(Method::POST, "/jobs").timeout(ANSWER).json(request);
        read(send(request).await?).await.map_err(Failure::from)
    }

    /// Opens a job's stream of events.
    pub(crate) async fn events(&self, job: &JobId) -> Result<Response, ClientError> {
        let request = self.request(Method::GET, &format!("/jobs/{job}/events"));
        send(request.header(ACCEPT, "text/event-stream")).await.map_err(|failure| failure.error)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, within: Duration) -> Result<T, ClientError> {
        let answer = send(self.request(Method::GET, path).timeout(within)).await.map_err(|failure| failure.error)?;
        parse(&read(answer).await?)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{PREFIX}{path}", self.address))
    }
}

/// Refuses what is said of another job.
pub(crate) fn of_job(standing: Standing, job: &JobId) -> Result<Standing, ClientError> {
    if standing.job == *job { Ok(standing) } else { Err(ClientError::Other("another job")) }
}

/// A document, as far as this client knows its fields.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ClientError> {
    // Only where it is wrong: what stands there is the server's, and could be anything.
    serde_json::from_slice(bytes).map_err(|error| {
        ClientError::Strange(format!("its answer is not of the form, line {} column {}", error.line(), error.column()))
    })
}

/// Sends a request; an answer that is no yes is an error.
async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let answer = request.send().await.map_err(failed)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    if status.is_redirection() {
        return Err(ClientError::Strange(format!("it answers {} and sends elsewhere", status.as_u16())).into());
    }
    let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let asked = asked.map(Duration::from_secs);
    let said = read(answer).await.ok().and_then(|bytes| serde_json::from_slice::<Problem>(&bytes).ok());
    let error = match said {
        Some(problem) => ClientError::Problem(Box::new(problem)),
        // A proxy that found the server away, or lost its answer.
        None if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            ClientError::Lost(format!("a proxy answers {}", status.as_u16()))
        }
        None => ClientError::Strange(format!("it answers {}", status.as_u16())),
    };
    Err(Failure { error, asked })
}

/// All of an answer, up to a cap: one that is longer is refused, not cut.
async fn read(mut answer: Response) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| failed(error).error)? {
        if bytes.len() + piece.len() > LONGEST {
            return Err(ClientError::Strange("its answer has no end".into()));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

pub(crate) fn failed(error: reqwest::Error) -> Failure {
    let (connects, late) = (error.is_connect(), error.is_timeout());
    let text = innermost(&error.without_url());
    let error = if connects {
        ClientError::Unreachable(text)
    } else if late {
        ClientError::Lost("it took too long".into())
    } else {
        ClientError::Lost(text)
    };
    error.into()
}

/// The cause behind all others: those around it say the same in more words.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
