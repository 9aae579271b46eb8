//! The way to the servers of an output for what is no delivery, and whether they answer and let it in. For `vigie check` and
//! `vigie setup`, never while the agent runs.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use super::access::Access;
use super::deliver::base_path;
use super::options::OpenSearchOptions;
use crate::config::{Diagnostics, Options, Section};
use crate::net::{AuthOptions, HttpClient, NetOptions, Target, TlsFiles, TlsOptions, exchange};
use crate::plugin::BuildContext;

/// How long one server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest answer that is read.
const LARGEST: usize = 64 << 10;

/// The way to the servers of one output.
#[derive(Debug)]
pub struct Reach {
    pub(super) clients: Vec<HttpClient>,
    pub(super) access: Access,
    pub(super) base: String,
}

impl Reach {
    /// Reads `section`, which has been found good. `None` when it sends nothing to a server, or when something was wrong and has been
    /// reported.
    pub fn read(section: &Section, context: &BuildContext, findings: &mut Diagnostics) -> Option<Self> {
        Self::with_options(section, context, findings).map(|(_, reach)| reach)
    }

    /// The same, with the options of the output itself.
    pub(super) fn with_options(
        section: &Section,
        context: &BuildContext,
        findings: &mut Diagnostics,
    ) -> Option<(OpenSearchOptions, Self)> {
        let options = OpenSearchOptions::read(section, findings)?;
        let tls = TlsOptions::read(section, findings)?;
        let net = NetOptions::read(section, findings)?;
        let auth = AuthOptions::read(section, findings)?;
        if options.write_to.is_some() {
            return None;
        }
        let access = Access::open(&auth, section, context, findings)?;
        let files = if tls.tls { Some(super::tls_files(&tls, section, findings)?) } else { None };
        let config = files.as_ref().map(TlsFiles::config);
        let clients = super::clients(&options, (&tls, config), &net, section, findings)?;
        let base = base_path(&options);
        Some((options, Self { clients, access, base }))
    }

    /// What each server is, or why it cannot be used, in words.
    pub async fn ask(&self) -> Vec<(&Target, Result<String, String>)> {
        let mut answers = Vec::new();
        for client in &self.clients {
            let asked = tokio::time::timeout(PATIENCE, self.ask_one(client)).await;
            let late = || Err(format!("{} gave no answer within {} seconds", client.target(), PATIENCE.as_secs()));
            answers.push((client.target(), asked.unwrap_or_else(|_| late())));
        }
        answers
    }

    async fn ask_one(&self, client: &HttpClient) -> Result<String, String> {
        let mut request = client.request(Method::GET, &format!("{}/", self.base));
        if let Some(authorization) = self.access.authorization() {
            request = request.header(AUTHORIZATION, authorization);
        }
        let answer = exchange(request, LARGEST).await;
        let (status, body) = answer.map_err(|error| client.explain(&error))?;
        judged(client.target(), status, &body.unwrap_or_default())
    }
}

/// What the answer to `GET /` says.
fn judged(target: &Target, status: u16, body: &[u8]) -> Result<String, String> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let number = answer["version"]["number"].as_str();
    match (status, number) {
        (200, Some(number)) => {
            let kind = answer["version"]["distribution"].as_str().unwrap_or("elasticsearch");
            let plain = |text: &str| text.chars().filter(|it| !it.is_control()).take(40).collect::<String>();
            Ok(format!("{} {}", plain(kind), plain(number)))
        }
        (403, _) => Ok("it lets this user in, who may not ask for its version".into()),
        (401, _) => Err(format!("{target} does not let this user in (401): check the credentials")),
        _ => Err(format!("{target} answers with status {status}, and not as a store does: check host, port and path")),
    }
}
