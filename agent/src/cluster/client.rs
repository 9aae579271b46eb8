//! Requests to one cluster outside of bulk: JSON out, JSON in. Used by retention; nothing here retries.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use super::errors::{ErrorDetail, permission, request_error, scrubbed};
use crate::net::{HttpClient, exchange};

/// Kind of the error that says that nothing takes such requests; its answer names none.
const NO_HANDLER: &str = "no_handler";
/// Largest answer that is read.
const LARGEST: usize = 32 << 20;

/// The way to one cluster.
#[derive(Debug)]
pub struct Cluster {
    client: HttpClient,
    base: String,
    authorization: Option<HeaderValue>,
}

/// A request that was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CallError {
    /// Status of the answer; 0 without one.
    pub status: u16,
    /// Name of the error.
    pub kind: String,
    /// What happened, for people.
    text: String,
}

impl Cluster {
    /// A way by `client`, below `base`, with `authorization`.
    pub fn new(client: HttpClient, base: String, authorization: Option<HeaderValue>) -> Self {
        Self { client, base, authorization }
    }

    /// Where it leads.
    pub fn target(&self) -> String {
        self.client.target().to_string()
    }

    /// What is at `path`, which begins with `/`.
    ///
    /// # Errors
    /// When it is not there, not allowed, or nobody answers.
    pub async fn get(&self, path: &str) -> Result<Value, CallError> {
        self.call(Method::GET, path, None).await
    }

    /// The same, `None` where there is nothing.
    ///
    /// # Errors
    /// When it is not allowed, or nobody answers.
    pub async fn find(&self, path: &str) -> Result<Option<Value>, CallError> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Posts `body` to `path`.
    ///
    /// # Errors
    /// When it is refused, or nobody answers.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Puts `body` at `path`.
    ///
    /// # Errors
    /// When it is refused, or nobody answers.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Deletes what is at `path`.
    ///
    /// # Errors
    /// When it is refused, or nobody answers.
    pub async fn delete(&self, path: &str) -> Result<Value, CallError> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CallError> {
        let mut request = self.client.request(method.clone(), &format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = body.filter(|body| !body.is_null()) {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let failed =
            |error: reqwest::Error| CallError { status: 0, kind: String::new(), text: self.client.explain(&error) };
        let (status, bytes) = exchange(request, LARGEST).await.map_err(failed)?;
        let bytes = bytes.ok_or_else(|| {
            let text = format!("{} gave an answer longer than {LARGEST} bytes", self.target());
            CallError { status, kind: String::new(), text }
        })?;
        let without_query = path.split('?').next().unwrap_or_default();
        if !(200..300).contains(&status) {
            return Err(self.refusal(&format!("{method} {without_query}"), status, &bytes));
        }
        serde_json::from_slice(&bytes).map_err(|_| CallError {
            status,
            kind: String::new(),
            text: format!("{} gave an answer to {method} {without_query} that cannot be read", self.target()),
        })
    }

    fn refusal(&self, what: &str, status: u16, body: &[u8]) -> CallError {
        let ErrorDetail { mut kind, reason } = request_error(body).unwrap_or_default();
        let target = self.target();
        let text = match status {
            401 => format!("{target} does not know these credentials (401): {what}"),
            403 if kind == "security_exception" => {
                let action = permission(&reason).unwrap_or("?");
                format!(
                    "the user lacks the permission `{action}` at {target} (403) for {what}: give it the role `vigie-retain`"
                )
            }
            403 => format!(
                "{target} refuses {what} (403): {kind} {}; a block on the index or cluster has to be lifted",
                scrubbed(&reason)
            ),
            400 | 405 if reason.starts_with("no handler found for uri") => {
                kind = NO_HANDLER.into();
                format!("{target} knows no {what} ({status}): the plugin or module that does it is not installed there")
            }
            _ => format!("{target} refuses {what} ({status}): {kind} {}", scrubbed(&reason)),
        };
        CallError { status, kind, text }
    }
}

impl CallError {
    /// Whether the cluster has nothing that takes such requests: a plugin is not installed.
    pub fn is_unknown(&self) -> bool {
        matches!(self.status, 400 | 405) && self.kind == NO_HANDLER
    }
}

impl From<CallError> for String {
    fn from(error: CallError) -> Self {
        error.text
    }
}
