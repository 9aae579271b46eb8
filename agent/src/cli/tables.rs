//! The option tables for programs and for the documentation: `-J` gives them as JSON, in the shape of Fluent Bit.

use crate::config::common::{FilterOptions, InputOptions, OutputOptions};
use crate::config::{MULTILINE_TABLE, OptionSpec, Options, PARSER_TABLE, Presence, Service};
use crate::encode::json::push_string;

use super::differences;
use super::help::{Row, plugins, unknown_plugin};

/// Version of the shape.
const SCHEMA: &str = "1";

/// All plugins and `[SERVICE]`, or the plugin called `topic`, as one line of JSON.
///
/// # Errors
/// When no plugin is called so.
pub(super) fn json(topic: Option<&str>) -> Result<String, String> {
    let mut out = Vec::new();
    match topic {
        None => everything(&mut out),
        Some(topic) => {
            let name = topic.to_ascii_lowercase();
            let Some(row) = plugins().find(|row| row.1 == name) else {
                return Err(unknown_plugin(topic));
            };
            plugin(&row, &mut out);
        }
    }
    out.push(b'\n');
    Ok(String::from_utf8(out).expect("the tables are text"))
}

fn everything(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"fluent-bit\":{\"version\":");
    push_string(env!("CARGO_PKG_VERSION").as_bytes(), out);
    out.extend_from_slice(b",\"schema_version\":");
    push_string(SCHEMA.as_bytes(), out);
    out.extend_from_slice(b",\"os\":");
    push_string(std::env::consts::OS.as_bytes(), out);
    out.extend_from_slice(b"},\"service\":");
    options(Service::TABLE, out);
    // Fluent Bit's own tables leave parsers out.
    out.extend_from_slice(b",\"parser\":");
    options(PARSER_TABLE, out);
    out.extend_from_slice(b",\"multiline_parser\":");
    options(MULTILINE_TABLE, out);
    // Every filter runs as a processor, too.
    let lists =
        [("customs", ""), ("inputs", "input"), ("processors", "filter"), ("filters", "filter"), ("outputs", "output")];
    for (key, word) in lists {
        out.push(b',');
        push_string(key.as_bytes(), out);
        out.extend_from_slice(b":[");
        for (at, row) in plugins().filter(|row| row.0 == word).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let word = if key == "processors" { "processor" } else { word };
            plugin(&(word, row.1, row.2, row.3, row.4), out);
        }
        out.push(b']');
    }
    out.push(b'}');
}

fn plugin((word, name, summary, own, common): &Row, out: &mut Vec<u8>) {
    let mut member = |comma: &str, key: &str, text: &str| {
        out.extend_from_slice(comma.as_bytes());
        push_string(key.as_bytes(), out);
        out.push(b':');
        push_string(text.as_bytes(), out);
    };
    member("{", "type", word);
    member(",", "name", name);
    member(",", "description", summary);
    out.extend_from_slice(b",\"properties\":{\"global_options\":");
    options(common, out);
    out.extend_from_slice(b",\"options\":");
    options(own, out);
    out.extend_from_slice(b"}}");
}

/// `verdict` goes beyond what Fluent Bit tells: what is accepted and not needed, and what is refused.
fn options(specs: &[OptionSpec], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, spec) in specs.iter().enumerate() {
        let default = match spec.presence {
            Presence::Default(text) => Some(text),
            _ => None,
        };
        let members = [
            ("name", Some(spec.key)),
            ("description", Some(spec.doc)),
            ("default", default),
            ("type", Some(spec.kind)),
            ("verdict", Some(verdict(spec))),
        ];
        out.extend_from_slice(if at > 0 { b",{" } else { b"{" });
        for (at, (key, text)) in members.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_string(key.as_bytes(), out);
            out.push(b':');
            match text {
                Some(text) => push_string(text.as_bytes(), out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

/// The tables of `docs/fluent-bit-compatibility.md`: what becomes of each option, and what it does otherwise.
pub(super) fn markdown() -> String {
    let mut out = String::new();
    let common = [
        ("input", "Every input", InputOptions::TABLE),
        ("filter", "Every filter", FilterOptions::TABLE),
        ("output", "Every output", OutputOptions::TABLE),
    ];
    table("service", "", "`[SERVICE]`", Service::TABLE, &mut out);
    table("parser", "", "`[PARSER]`", PARSER_TABLE, &mut out);
    table("multiline_parser", "", "`[MULTILINE_PARSER]`", MULTILINE_TABLE, &mut out);
    for (word, title, specs) in common {
        table(word, "", title, specs, &mut out);
        for (_, name, _, own, _) in plugins().filter(|row| row.0 == word) {
            table("", name, &format!("{} `{name}`", capital(word)), own, &mut out);
        }
    }
    out
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn table(word: &str, name: &str, title: &str, specs: &[OptionSpec], out: &mut String) {
    out.push_str(&format!("### {title}\n\n| Option | Default | Verdict | What is different |\n|---|---|---|---|\n"));
    for spec in specs {
        let default = match spec.presence {
            Presence::Default(text) if !text.is_empty() => format!("`{text}`"),
            Presence::Required => "required".to_owned(),
            _ => String::new(),
        };
        let difference = differences::of(word, name, spec.key);
        let (verdict, how) = match (verdict(spec), difference) {
            ("honoured", Some(how)) => ("different", how),
            ("honoured", None) => ("same", ""),
            (other, _) => (other, spec.doc),
        };
        let row = format!("| `{}` | {default} | {verdict} | {how} |", spec.key);
        out.push_str(&row.replace(" |  |", " | |").replace(" |  |", " | |"));
        out.push('\n');
    }
    out.push('\n');
}

/// What becomes of an option, in a word.
pub(super) fn verdict(spec: &OptionSpec) -> &'static str {
    match spec.presence {
        Presence::NotNeeded => "not needed",
        Presence::Refused => "refused",
        _ if spec.doc.starts_with("Refused") => "refused",
        _ => "honoured",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_there_is_not_is_told_without_a_blank_behind() {
        assert_eq!(json(Some("nope")), Err("no plugin is called `nope`.".into()));
        assert_eq!(json(Some("tial")), Err("no plugin is called `tial`. did you mean `tail`?".into()));
    }

    #[test]
    fn every_option_of_every_plugin_is_told_as_json() {
        let all: serde_json::Value = serde_json::from_str(&json(None).expect("all")).expect("it is JSON");

        for (word, name, _, own, common) in plugins() {
            let list = all[format!("{word}s")].as_array().expect("a list");
            let found = list.iter().find(|plugin| plugin["name"] == name).expect("it is listed");
            let count = |key: &str| found["properties"][key].as_array().map(Vec::len);
            assert_eq!(
                (count("options"), count("global_options")),
                (Some(own.len()), Some(common.len())),
                "{word} {name}"
            );
        }
        let count = |key: &str| all[key].as_array().map(Vec::len);
        assert_eq!((count("processors"), count("multiline_parser")), (count("filters"), Some(MULTILINE_TABLE.len())));
        assert_eq!(all["processors"][0]["type"], "processor");
        let buffer = |plugin: &serde_json::Value| {
            let options = plugin["properties"]["options"].as_array().expect("a list").clone();
            options.into_iter().find(|option| option["name"] == "buffer_size").expect("it has one")
        };
        let one: serde_json::Value = serde_json::from_str(&json(Some("OpenSearch")).expect("one")).expect("it is JSON");
        assert_eq!(buffer(&one)["verdict"], "not needed");
        assert!(json(Some("tial")).is_err_and(|message| message.contains("`tail`")));
    }
}
