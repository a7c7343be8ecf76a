//! `claimwire entities`: what the dictionary holds, and what it makes of a text.

use std::io::{self, Write};

use classifier::{Catalogue, Entry, Scope, Text};

use super::{Failure, classifier};
use crate::cli::Entities;
use crate::config::Config;
use crate::output::plain;

pub(super) fn entities(options: &Entities, config: &Config) -> Result<(), Failure> {
    let refused = |error: anyhow::Error| Failure::NotStarted(error);
    let files = config.rule_files().map_err(|error| refused(error.into()))?;
    let catalogue = Catalogue::new(&files).map_err(|error| refused(error.into()))?;
    let mut out = io::stdout().lock();
    match options {
        Entities::Lookup { name, json } => {
            let found = catalogue.lookup(name);
            if found.is_empty() {
                let unknown = anyhow::anyhow!("the dictionary has no entity `{}`", plain(name));
                return Err(Failure::Running(unknown));
            }
            for entry in found {
                show(entry, *json, &mut out)?;
            }
        }
        Entities::List { kind, json } => {
            let all = catalogue.entries().iter();
            for entry in all.filter(|entry| kind.is_none_or(|kind| entry.kind == kind)) {
                if *json {
                    show(entry, true, &mut out)?;
                } else {
                    writeln!(out, "{:<36} {}", entry.id, title(entry))?;
                }
            }
        }
        Entities::Check => {
            let digest = classifier(config)?.digest().to_owned();
            let entries = catalogue.entries().len();
            writeln!(out, "{entries} entities ok; rules ok: digest {digest}")?;
        }
        Entities::Match { text } => matched(text, &catalogue, config, &mut out)?,
    }
    Ok(())
}

/// Each entity of a text, with the name in the dictionary that its words are a form of.
fn matched(
    text: &str,
    catalogue: &Catalogue,
    config: &Config,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let tagged = classifier(config)?.tag(
        &Text {
            text: text.to_owned(),
            ..Text::default()
        },
        Scope::All,
    );
    for entity in &tagged.entities {
        write!(
            out,
            "{:<28} {:<32} ",
            plain(&entity.surface),
            plain(&entity.id)
        )?;
        let entry = catalogue
            .entries()
            .iter()
            .find(|entry| entry.id == entity.id);
        let Some(entry) = entry.filter(|_| entity.is_linked()) else {
            let why = if entity.value.is_some() || !entity.id.starts_with(wire::entity::UNLINKED) {
                "the grammar of values"
            } else {
                "the shape of a name; the dictionary has none such"
            };
            writeln!(out, "{why}")?;
            continue;
        };
        let Some(written) = catalogue.written(entry, &entity.surface).into_iter().next() else {
            writeln!(out, "stands for what was named before; {}", entry.place)?;
            continue;
        };
        let kind = if written.full { "name" } else { "short name" };
        let (language, name) = (&written.language, &written.name);
        writeln!(
            out,
            "a form of the {kind} `{name}` ({language}); {}",
            entry.place
        )?;
    }
    Ok(())
}

fn show(entry: &Entry, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, entry)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(out, "{}  {}", entry.id, entry.qid.as_deref().unwrap_or(""))?;
    writeln!(out, "  written in   {}", entry.place)?;
    writeln!(out, "  type         {}", wire::name(&entry.kind))?;
    for (what, names) in [("name", &entry.names), ("short name", &entry.short)] {
        for (language, names) in names {
            writeln!(out, "  {what:<10} {language} {}", names.join(", "))?;
        }
    }
    for (what, listed) in [
        ("office", &entry.offices),
        ("owns", &entry.competent_for),
        ("side", &entry.party_to),
    ] {
        if !listed.is_empty() {
            writeln!(out, "  {what:<12} {}", listed.join(", "))?;
        }
    }
    Ok(())
}

/// Its first name, English before others.
fn title(entry: &Entry) -> &str {
    let english = entry
        .names
        .get("en")
        .or_else(|| entry.names.values().next());
    english
        .and_then(|names| names.first())
        .map_or("", String::as_str)
}
