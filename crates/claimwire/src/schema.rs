//! The contract of the topics: JSON Schemas of their values, and an AsyncAPI 3 description of the
//! topics, their headers and what each carries.

use serde_json::{Value, json};

/// A topic that consumers read: its name, what it carries, whose schema that is, the headers of tags.
const TOPICS: [(&str, &str, &str, &[&str]); 9] = [
    (
        "feeds",
        "Feed definitions, one record a feed (compacted).",
        "feed",
        &["lang"],
    ),
    (
        "feed-state",
        "What polling has taught of each feed (compacted).",
        "feed-state",
        &[],
    ),
    (
        "stories",
        "Which story each relevant item tells; one partition, whose order decides.",
        "story",
        &["ce_subject", "traceparent", "story-id"],
    ),
    (
        "raw",
        "Every revision of every item, as plain text.",
        "raw",
        &["ce_subject", "traceparent", "lang"],
    ),
    (
        "items.confirmed",
        "Relevant items in which every claim is confirmed.",
        "item",
        ITEM,
    ),
    (
        "items.unconfirmed",
        "Relevant items in which a claim is not confirmed.",
        "item",
        ITEM,
    ),
    (
        "claims.confirmed",
        "Claims that the text stands behind.",
        "claim",
        CLAIM,
    ),
    (
        "claims.unconfirmed",
        "Claims that are unconfirmed, denied, disputed or none.",
        "claim",
        CLAIM,
    ),
    (
        "dead",
        "What could not be processed, with its bytes and the reason.",
        "dead",
        &["traceparent"],
    ),
];

const ITEM: &[&str] = &[
    "ce_subject",
    "traceparent",
    "claim-status",
    "entities",
    "lang",
    "story-id",
];
const CLAIM: &[&str] = &[
    "ce_subject",
    "traceparent",
    "claim-status",
    "status-detail",
    "entities",
    "lang",
    "story-id",
];

/// The files of the contract, by name: `<schema>.json` each, and `asyncapi.json`.
pub(crate) fn files() -> Vec<(String, Value)> {
    let schemas = wire::schema::all();
    let mut files: Vec<_> = schemas
        .into_iter()
        .map(|(name, schema)| (format!("{name}.json"), schema.to_value()))
        .collect();
    files.push(("asyncapi.json".to_owned(), asyncapi()));
    files
}

/// The text of a file: indented, with a line end.
pub(crate) fn text(content: &Value) -> String {
    format!("{content:#}\n")
}

/// The AsyncAPI 3.0 description, with the default prefix; payloads are in the schemas beside it.
fn asyncapi() -> Value {
    let mut channels = serde_json::Map::new();
    let mut operations = serde_json::Map::new();
    let mut messages = serde_json::Map::new();
    for (topic, summary, schema, tags) in TOPICS {
        let message = json!({
            "name": schema,
            "contentType": "application/json",
            "headers": headers(schema, tags),
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": format!("./{schema}.json")},
            },
        });
        messages.insert(schema.to_owned(), message);
        let reference = json!({"$ref": format!("#/components/messages/{schema}")});
        let channel = json!({
            "address": format!("claimwire.{topic}"),
            "summary": summary,
            "messages": {schema: reference},
        });
        channels.insert(topic.to_owned(), channel);
        let channel = format!("#/channels/{topic}");
        let operation = json!({
            "action": "send",
            "channel": {"$ref": channel},
            "messages": [{"$ref": format!("{channel}/messages/{schema}")}],
        });
        operations.insert(format!("publish.{topic}"), operation);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "claimwire",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Claims about NATO and Ukraine from news feeds, tagged by how the text stands behind them. Records are CloudEvents 1.0 in Kafka binary mode, committed in transactions: read with isolation.level=read_committed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    })
}

fn headers(schema: &str, tags: &[&str]) -> Value {
    let mut properties = json!({
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "Equal on every replay of the same input."},
        "ce_source": {"type": "string", "description": "`/feeds/<feed>`, or `/topics/<topic>` for a record that could not be read."},
        "ce_type": {"type": "string", "const": format!("claimwire.{schema}.v1")},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"type": "string", "const": "application/json"},
    });
    for tag in tags {
        let description = match *tag {
            "ce_subject" => "The item's id.",
            "traceparent" => "W3C Trace Context: one trace for each poll.",
            "claim-status" if schema == "item" => "`confirmed` or `unconfirmed`.",
            "claim-status" => "The claim's status.",
            "status-detail" => "Why the claim has its status.",
            "story-id" => "The story that the item tells.",
            "entities" => "Ids of the entities mentioned, comma-separated.",
            _ => "ISO 639-1 code, or `und`.",
        };
        properties[*tag] = json!({"type": "string", "description": description});
    }
    let required: Vec<String> = properties
        .as_object()
        .into_iter()
        .flat_map(|properties| properties.keys().cloned())
        .collect();
    if tags.contains(&"claim-status") {
        properties["replay"] = json!({
            "type": "string", "const": "true", "description": "Only where it was tagged again."
        });
    }
    json!({"type": "object", "required": required, "properties": properties})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_contract_is_what_the_types_say() {
        let directory =
            std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/schema"));
        for (name, content) in files() {
            let checked_in = std::fs::read_to_string(directory.join(&name)).unwrap_or_default();
            assert!(
                checked_in == text(&content),
                "config/schema/{name} differs; run `cargo run -p claimwire -- schema --write config/schema`"
            );
        }
    }

    #[test]
    fn every_schema_is_one_of_draft_2020_12() {
        for (name, schema) in files() {
            if name != "asyncapi.json" {
                assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
            }
        }
    }

    #[test]
    fn every_topic_that_is_created_is_described() {
        let config = crate::config::Config::load(None, std::iter::empty()).unwrap();
        let created: Vec<_> = config
            .topics()
            .into_iter()
            .map(|topic| topic.name)
            .collect();
        assert_eq!(created, TOPICS.map(|(topic, ..)| topic));
    }
}
