//! `CLAIMWIRE_<SECTION>_<KEY>`: values that win over the file's.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::ConfigError;
use super::fields::fields_of;
use super::section::{
    CanarySection, FeedsSection, FetchSection, HttpSection, KafkaSection, LogSection, RulesSection,
    SampleSection, ShutdownSection, StoriesSection, TelemetrySection, WebsubSection,
};
use super::source::nearest;

const PREFIX: &str = "CLAIMWIRE_";

/// Names that are not configuration values.
const OTHERS: [&str; 5] = [
    "CLAIMWIRE_CONFIG",
    "CLAIMWIRE_LOG_FORMAT",
    "CLAIMWIRE_LOG_LEVEL",
    "CLAIMWIRE_CORPORA",
    "CLAIMWIRE_RECORDED_FEEDS",
];

/// Writes every override among `variables` over `table`, then reads the result as a `T`.
///
/// A value is taken as text where the key accepts text, else as TOML: `true`, `5`, `["a", "b"]`.
pub(crate) fn apply<T: DeserializeOwned>(
    mut table: Table,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let names = names();
    for (name, value) in variables {
        if !name.starts_with(PREFIX)
            || name.starts_with("CLAIMWIRE_TEST_")
            || OTHERS.contains(&name.as_str())
        {
            continue;
        }
        let Some((_, section, key)) = names.iter().find(|(known, ..)| *known == name) else {
            let valid = names.iter().map(|(known, ..)| known.as_str()).chain(OTHERS);
            let hint = nearest(&name, valid).map_or_else(
                || "names are CLAIMWIRE_<SECTION>_<KEY>".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            return Err(ConfigError(format!(
                "unknown environment variable {name}; {hint}"
            )));
        };
        table = overridden::<T>(&table, section, key, &value)
            .map_err(|what| match *key {
                // Its text may hold a secret.
                "credentials" => {
                    "expects TOML tables of the keys in [fetch.credentials.…]".to_owned()
                }
                "properties" => "expects a TOML table such as { \"linger.ms\" = \"5\" }".to_owned(),
                _ => what,
            })
            .map_err(|what| ConfigError(format!("environment variable {name}: {what}")))?;
    }
    table
        .try_into()
        .map_err(|error: toml::de::Error| ConfigError(error.message().to_owned()))
}

/// Every override's name, with the section and the key that it sets.
fn names() -> Vec<(String, &'static str, &'static str)> {
    let sections = [
        ("log", fields_of::<LogSection>()),
        ("kafka", fields_of::<KafkaSection>()),
        ("fetch", fields_of::<FetchSection>()),
        ("feeds", fields_of::<FeedsSection>()),
        ("rules", fields_of::<RulesSection>()),
        ("stories", fields_of::<StoriesSection>()),
        ("http", fields_of::<HttpSection>()),
        ("websub", fields_of::<WebsubSection>()),
        ("telemetry", fields_of::<TelemetrySection>()),
        ("sample", fields_of::<SampleSection>()),
        ("canary", fields_of::<CanarySection>()),
        ("shutdown", fields_of::<ShutdownSection>()),
    ];
    let name = |section: &str, key: &str| format!("{PREFIX}{section}_{key}").to_uppercase();
    sections
        .into_iter()
        .flat_map(|(section, keys)| {
            keys.iter()
                .map(move |key| (name(section, key), section, *key))
        })
        .collect()
}

fn overridden<T: DeserializeOwned>(
    table: &Table,
    section: &str,
    key: &str,
    text: &str,
) -> Result<Table, String> {
    let toml = toml::from_str::<Table>(&format!("x = {text}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("x"));
    let mut first = None;
    for value in [Some(Value::String(text.to_owned())), toml]
        .into_iter()
        .flatten()
    {
        let mut table = table.clone();
        let section = table.entry(section).or_insert_with(|| Table::new().into());
        let Some(section) = section.as_table_mut() else {
            continue;
        };
        section.insert(key.to_owned(), value);
        match table.clone().try_into::<T>() {
            Ok(_) => return Ok(table),
            Err(error) => first = first.or(Some(error.message().replace('\n', " "))),
        }
    }
    Err(first.unwrap_or_default())
}
