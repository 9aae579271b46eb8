//! Installs what an output needs in its store: templates and its data stream. For `vigie setup`, never while the agent runs.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use super::access::Access;
use super::deliver::percent_encoded;
use super::index;
use super::reach::Reach;
use crate::cluster::{
    Cluster, ErrorDetail, Resource, ResourceKind, State, permission, request_error, resources, scrubbed,
};
use crate::config::{Diagnostics, Section};
use crate::net::{HttpClient, Target, exchange};
use crate::plugin::BuildContext;
use crate::retention::{Class, Layout, stream_name};

/// What is to be there for one output, and the way to its store.
#[derive(Debug)]
pub struct Setup {
    client: HttpClient,
    access: Access,
    base: String,
    resources: Vec<Resource>,
}

/// The way to the cluster of `section`, for what is no bulk request; `None` when it sends nothing to a store, or when something
/// was wrong and has been reported.
pub fn cluster(section: &Section, context: &BuildContext, findings: &mut Diagnostics) -> Option<Cluster> {
    let Reach { clients, access, base } = Reach::read(section, context, findings)?;
    Some(Cluster::new(clients.into_iter().next()?, base, access.authorization()))
}

/// Largest answer that is read.
const LARGEST: usize = 8 << 20;

impl Setup {
    /// What `section`, which has been found good, asks for: `None` when it sends nothing to a store, or when something was
    /// wrong and has been reported.
    pub fn read(section: &Section, context: &BuildContext, findings: &mut Diagnostics) -> Option<Self> {
        let (options, Reach { clients, access, base }) = Reach::with_options(section, context, findings)?;
        let Some(pattern) = index::pattern(&options) else {
            let help = "name indexes with a fixed beginning, or install templates of your own";
            let message = "no template can be made: names of indexes begin with what stands in records or tags";
            findings.error(section.place, "V104", message).help(help);
            return None;
        };
        // What one server of a cluster is told, all of them know.
        let client = clients.into_iter().next()?;
        let stream = Some(pattern.as_str()).filter(|pattern| !pattern.contains('*'));
        let mut resources = resources(&pattern, options.data_stream, stream);
        for class in context.classes.0.iter().filter(|_| options.retention) {
            resources.extend(class_template(class));
        }
        Some(Self { client, access, base, resources })
    }

    /// The way to its store, for other requests.
    pub fn into_cluster(self) -> Cluster {
        let authorization = self.access.authorization();
        Cluster::new(self.client, self.base, authorization)
    }

    /// Where it is installed.
    pub fn target(&self) -> &Target {
        self.client.target()
    }

    /// What is to be there, in the order in which it has to be made.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// How what is there compares with `resource`.
    ///
    /// # Errors
    /// Why that cannot be told, with the remedy.
    pub async fn state(&self, resource: &Resource) -> Result<State, String> {
        let (status, body) = self.send(Method::GET, resource).await?;
        match status {
            200 => {
                let answer: Value = serde_json::from_slice(&body)
                    .map_err(|error| format!("{} gave an answer that cannot be read ({error})", self.target()))?;
                Ok(resource.compare(Some(&answer)))
            }
            404 if request_error(&body).is_none_or(|error| is_missing(&error)) => Ok(resource.compare(None)),
            _ => Err(self.refusal("read", resource, status, &body)),
        }
    }

    /// Makes `resource` what it is to be.
    ///
    /// # Errors
    /// Why that failed, with the remedy.
    pub async fn install(&self, resource: &Resource) -> Result<(), String> {
        let (status, body) = self.send(Method::PUT, resource).await?;
        // Somebody else may have made the stream in between.
        let is_there = status == 400
            && request_error(&body).is_some_and(|error| error.kind == "resource_already_exists_exception");
        if status == 200 || is_there { Ok(()) } else { Err(self.refusal("install", resource, status, &body)) }
    }

    async fn send(&self, method: Method, resource: &Resource) -> Result<(u16, Vec<u8>), String> {
        let path = format!("{}/{}/{}", self.base, resource.kind.endpoint(), percent_encoded(&resource.name));
        let has_body = method == Method::PUT && !resource.body.is_null();
        let mut request = self.client.request(method, &path);
        if let Some(authorization) = self.access.authorization() {
            request = request.header(AUTHORIZATION, authorization);
        }
        if has_body {
            request = request.header(CONTENT_TYPE, "application/json").body(resource.body.to_string());
        }
        let answer = exchange(request, LARGEST).await;
        let (status, body) = answer.map_err(|error| self.client.explain(&error))?;
        let body = body.ok_or_else(|| format!("{} gave an answer longer than {LARGEST} bytes", self.target()))?;
        Ok((status, body))
    }

    fn refusal(&self, verb: &str, resource: &Resource, status: u16, body: &[u8]) -> String {
        let what = format!("cannot {verb} the {} `{}` at {}", resource.kind.word(), resource.name, self.target());
        let error = request_error(body).unwrap_or_default();
        match status {
            401 => format!("{what}: it does not know these credentials (401)"),
            403 => {
                let name = permission(&error.reason).map(|name| format!(" `{name}`")).unwrap_or_default();
                format!(
                    "{what}: the user lacks the permission{name} (403); extend its role, or run this as another user"
                )
            }
            300..=399 => {
                format!("{what}: it sends elsewhere ({status}); set `Host`, `Port` and `tls` to where it sends")
            }
            // What is sent is no record, so its text can be shown.
            400 => format!("{what} (400): {} {}", error.kind, error.reason),
            _ => format!("{what} ({status}): {} {}", error.kind, scrubbed(&error.reason)),
        }
    }
}

/// The index template of a retention class, without the components that all share.
fn class_template(class: &Class) -> Option<Resource> {
    let pattern = stream_name(&class.name, "*");
    resources(&pattern, class.layout == Layout::Stream, None).into_iter().find(|one| one.kind == ResourceKind::Template)
}

/// Whether a 404 says that there is no such template or stream, and not that there is no such address.
fn is_missing(error: &ErrorDetail) -> bool {
    matches!(error.kind.as_str(), "resource_not_found_exception" | "index_not_found_exception")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Entries, context, section};
    use super::*;
    use crate::net::stub::{Canned, Stub};

    fn setup(entries: Entries<'_>) -> Result<Setup, Diagnostics> {
        let mut findings = Diagnostics::default();
        Setup::read(&section(entries), &context(), &mut findings).ok_or(findings)
    }

    async fn against(entries: Entries<'_>, answers: Vec<Canned>) -> (Setup, Stub) {
        let stub = Stub::start(answers).await;
        let port = stub.port.to_string();
        let setup = setup(&[entries, &[("port", port.as_str())]].concat()).expect("it is good");
        (setup, stub)
    }

    fn names(setup: &Setup) -> Vec<&str> {
        setup.resources().iter().map(|resource| resource.name.as_str()).skip(3).collect()
    }

    #[test]
    fn templates_are_for_the_names_that_an_output_gives() {
        let cases: [(Entries<'_>, &[&str]); 6] = [
            (&[], &["vigie-fluent-bit"]),
            (&[("index", "app"), ("data_stream", "on")], &["vigie-app", "app"]),
            (&[("index", "app-%Y.%m.%d")], &["vigie-app-any.any.any"]),
            (&[("index", "app-$TAG[1]"), ("data_stream", "on")], &["vigie-app-any"]),
            (&[("logstash_format", "on"), ("logstash_prefix", "web")], &["vigie-web-any.any.any"]),
            (&[("logstash_format", "on"), ("logstash_dateformat", "%G-w%V")], &["vigie-logstash-any-wany"]),
        ];
        for (entries, expected) in cases {
            assert_eq!(names(&setup(entries).expect("it is good")), expected, "{entries:?}");
        }
        let refused: [Entries<'_>; 2] =
            [&[("index", "$TAG")], &[("logstash_format", "on"), ("logstash_prefix_key", "$app")]];
        for entries in refused {
            let findings = setup(entries).expect_err("it has no fixed beginning");
            assert!(format!("{findings:?}").contains("no template can be made"), "{findings:?}");
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_found_and_installed_under_its_address() {
        let missing = json!({"error": {"type": "resource_not_found_exception", "reason": "no such"}, "status": 404});
        let answers = vec![Canned::Answer(404, "", missing.to_string()), Canned::ok("{}"), Canned::ok("{}")];
        let entries = [("path", "/p/"), ("index", "app"), ("data_stream", "on"), ("api_key", "secret-42")];
        let (setup, stub) = against(&entries, answers).await;
        let [template, stream] = [3, 4].map(|at| &setup.resources()[at]);

        assert!(matches!(setup.state(template).await, Ok(State::Missing(_))));
        assert_eq!(setup.install(template).await, Ok(()));
        assert_eq!(setup.install(stream).await, Ok(()));

        let received = stub.received();
        let lines: Vec<&str> = received.iter().filter_map(|request| request.head.lines().next()).collect();
        let expected = [
            "get /p/_index_template/vigie-app http/1.1",
            "put /p/_index_template/vigie-app http/1.1",
            "put /p/_data_stream/app http/1.1",
        ];
        assert_eq!(lines, expected);
        assert!(received.iter().all(|request| request.head.contains("authorization: apikey secret-42")));
        let sent: Value = serde_json::from_slice(&received[1].body).expect("JSON");
        assert_eq!((&sent, received[2].body.len()), (&template.body, 0));
    }

    #[tokio::test]
    async fn a_refusal_names_what_is_missing() {
        let error = |kind: &str, reason: &str| json!({"error": {"type": kind, "reason": reason}}).to_string();
        let no_permission =
            "no permissions for [cluster:admin/component_template/get] and User [name=shipper, backend_roles=[]]";
        let cases = [
            (
                403,
                error("security_exception", no_permission),
                "lacks the permission `cluster:admin/component_template/get`",
            ),
            (401, "Unauthorized".to_owned(), "does not know these credentials"),
            (404, json!({"error": "no handler found for uri [/x]"}).to_string(), "no handler found"),
            (400, error("illegal_argument_exception", "templates with overlapping patterns"), "overlapping patterns"),
            (302, String::new(), "sends elsewhere"),
            (200, "<html>".to_owned(), "cannot be read"),
        ];
        for (status, body, part) in cases {
            let (setup, _stub) = against(&[], vec![Canned::Answer(status, "", body)]).await;
            let message = setup.state(&setup.resources()[0]).await.expect_err(part);
            assert!(message.contains(part) && !message.contains("shipper"), "{message}");
        }
    }
}
