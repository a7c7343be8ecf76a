//! Feed lists: `[[feed]]` tables in files of their own or in the configuration itself.

use std::collections::HashMap;

use serde::Deserialize;
use toml::Spanned;
use url::Url;
use wire::claim::Reliability;
use wire::feed::PublisherKind;
use wire::{FeedId, FeedSpec, Language};

use super::ConfigError;
use super::source::Source;
use super::units::Span;

/// A feed as a list has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedEntry {
    id: Spanned<String>,
    url: Spanned<String>,
    publisher: String,
    language: Language,
    country: Spanned<String>,
    kind: PublisherKind,
    admiralty: Option<Reliability>,
    interval: Option<Spanned<Span>>,
    credential: Option<Spanned<String>>,
}

/// A file that lists feeds and nothing else.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FeedFile {
    feed: Vec<FeedEntry>,
}

/// The feeds of a list in a file of its own.
pub(crate) fn load(source: &Source, into: &mut FeedList) -> Result<(), ConfigError> {
    let file: FeedFile = source.parse()?;
    into.extend(source, file.feed)
}

/// Feeds with unique ids, and where each was defined.
#[derive(Debug, Default)]
pub(crate) struct FeedList {
    pub(crate) specs: Vec<FeedSpec>,
    /// `file:line` of each, by its id.
    pub(crate) places: HashMap<String, String>,
}

impl FeedList {
    /// Adds the entries that `source` holds.
    pub(crate) fn extend(
        &mut self,
        source: &Source,
        entries: Vec<FeedEntry>,
    ) -> Result<(), ConfigError> {
        for entry in entries {
            let at = entry.id.span();
            let id = entry.id.get_ref().clone();
            let place = format!("{}:{}", source.name, source.line(&at));
            let spec = spec(source, entry)?;
            if let Some(first) = self.places.insert(id.clone(), place) {
                let what = format!("the feed \"{id}\" is already defined at {first}");
                return Err(source.error(&at, what));
            }
            self.specs.push(spec);
        }
        Ok(())
    }
}

fn spec(source: &Source, entry: FeedEntry) -> Result<FeedSpec, ConfigError> {
    let id = entry.id.get_ref();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        let what = format!("id \"{id}\": a feed id is lower-case letters, digits and \"-\"");
        return Err(source.error(&entry.id.span(), what));
    }
    let url = entry.url.get_ref();
    if let Err(what) = check_url(url) {
        return Err(source.error(
            &entry.url.span(),
            format!("url of the feed \"{id}\": {what}"),
        ));
    }
    let country = entry.country.get_ref();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let what = format!(
            "country \"{country}\" of the feed \"{id}\": two capital letters (ISO 3166-1 alpha-2), EU or XX"
        );
        return Err(source.error(&entry.country.span(), what));
    }
    let interval = match &entry.interval {
        None => None,
        Some(interval) => match interval.get_ref().0.try_into() {
            Ok(interval) if interval > jiff::SignedDuration::ZERO => Some(interval),
            _ => {
                let what = format!("interval of the feed \"{id}\" is out of range");
                return Err(source.error(&interval.span(), what));
            }
        },
    };
    Ok(FeedSpec {
        id: FeedId(id.clone()),
        url: url.clone(),
        publisher: entry.publisher,
        language: entry.language,
        country: country.clone(),
        kind: entry.kind,
        admiralty: entry.admiralty,
        interval,
        credential: entry.credential.map(Spanned::into_inner),
        sample: false,
    })
}

fn check_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "only http and https are fetched, not \"{}\"",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or password in an address would be shown wherever it is".to_owned());
    }
    Ok(())
}
