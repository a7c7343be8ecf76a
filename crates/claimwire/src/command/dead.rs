//! `claimwire dead`: what could not be processed, and processing it again.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sink::{Entry, From, Log};
use wire::document::ParseStatus;
use wire::record::Origin;
use wire::{DeadLetter, ItemRecord};

use super::Failure;
use crate::cli::{Dead, Place};
use crate::config::Config;
use crate::output;
use crate::stage::stories::Stories;
use crate::stage::tag::Tagger;
use crate::telemetry::spans::Spans;

const TOPIC: &str = "dead";

pub(super) async fn dead(options: &Dead, config: &Config) -> Result<(), Failure> {
    let log = Log::open(&config.log_settings_of("dead"), &config.topics())
        .await
        .map_err(|error| Failure::NotStarted(error.into()))?;
    let done = match options {
        Dead::List { reason, json } => list(&log, reason.as_deref(), *json).await,
        Dead::Show { place } => show(&log, *place).await,
        Dead::Redrive { reason } => redrive(&log, reason, config).await,
    };
    log.close().await;
    Ok(done?)
}

/// The letters whose reason contains `reason`, each with its record.
async fn letters(log: &Log, reason: &str) -> anyhow::Result<Vec<(Entry, DeadLetter)>> {
    let mut letters = Vec::new();
    for partition in 0..log.partitions(TOPIC) {
        let mut range = log.range(TOPIC, partition, From::Beginning).await?;
        while let Some(entry) = range.next().await? {
            let letter = decoded(&entry)?;
            if letter.reason.contains(reason) {
                letters.push((entry, letter));
            }
        }
    }
    Ok(letters)
}

fn decoded(entry: &Entry) -> anyhow::Result<DeadLetter> {
    let value = entry.value.as_deref().unwrap_or_default();
    let place = || format!("{}/{} holds no dead letter", entry.partition, entry.offset);
    serde_json::from_slice(value).with_context(place)
}

async fn list(log: &Log, reason: Option<&str>, json: bool) -> anyhow::Result<()> {
    let letters = letters(log, reason.unwrap_or_default()).await?;
    let mut out = io::stdout().lock();
    for (entry, letter) in &letters {
        let place = format!("{}/{}", entry.partition, entry.offset);
        if json {
            let line = serde_json::json!({
                "place": place, "at": letter.at, "origin": letter.origin, "reason": letter.reason,
                "size": letter.size
            });
            writeln!(out, "{line}")?;
        } else {
            let (at, origin, size) = (letter.at, origin(&letter.origin), letter.size);
            let reason = output::plain(&letter.reason);
            writeln!(out, "{place:<10} {at:.0}  {origin}  {size} bytes  {reason}")?;
        }
    }
    Ok(())
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Feed { feed, .. } => format!("feed {feed}"),
        Origin::Record {
            topic,
            partition,
            offset,
        } => format!("{topic} {partition}/{offset}"),
        Origin::Output { topic, key } => format!("for {topic}, {key}"),
    }
}

async fn show(log: &Log, place: Place) -> anyhow::Result<()> {
    let from = From::Offset(place.offset);
    let missing = || {
        format!(
            "there is no dead letter at {}/{}",
            place.partition, place.offset
        )
    };
    if place.partition >= log.partitions(TOPIC) {
        bail!(missing());
    }
    let mut range = log.range(TOPIC, place.partition, from).await?;
    let entry = range.next().await?;
    let entry = entry.filter(|entry| entry.offset == place.offset);
    let letter = decoded(&entry.with_context(missing)?)?;
    let kept = bytes(&letter)?;
    let mut about = io::stderr().lock();
    writeln!(about, "{}  {}", letter.at, origin(&letter.origin))?;
    if let Origin::Feed {
        url, content_type, ..
    } = &letter.origin
    {
        let content_type = content_type.as_deref().unwrap_or("no content type");
        writeln!(
            about,
            "{}  {}",
            output::plain(url),
            output::plain(content_type)
        )?;
    }
    writeln!(about, "{}", output::plain(&letter.reason))?;
    writeln!(about, "{} of {} bytes", kept.len(), letter.size)?;
    io::stdout().lock().write_all(&kept)?;
    Ok(())
}

fn bytes(letter: &DeadLetter) -> anyhow::Result<Vec<u8>> {
    let bytes = STANDARD.decode(&letter.bytes);
    bytes.context("the letter's bytes are no base64")
}

/// What became of the letters.
#[derive(Default)]
struct Redriven {
    tagged: usize,
    irrelevant: usize,
    /// Records that were tagged meanwhile.
    done: usize,
    /// Documents that can be read now: the next poll of their feed brings what they hold.
    readable: usize,
    still_dead: usize,
    /// Of which not all bytes were kept.
    cut: usize,
}

async fn redrive(log: &Log, reason: &str, config: &Config) -> anyhow::Result<()> {
    let classifier = super::classifier(config).map_err(|failure| match failure {
        Failure::NotStarted(error) | Failure::Running(error) => error,
    })?;
    let (_rules, classifier) = tokio::sync::watch::channel(Arc::new(classifier));
    let tagger = Tagger {
        spans: Spans::default(),
        classifier,
        stories: config.story_bounds(),
        routes: config.routes().into(),
        replay: true,
        shown: None,
    };
    let stories = Stories::all(log, config.story_bounds()).await?;
    let mut redriven = Redriven::default();
    for (entry, letter) in letters(log, reason).await? {
        let kept = bytes(&letter)?;
        if (kept.len() as u64) < letter.size {
            redriven.cut += 1;
            continue;
        }
        match &letter.origin {
            Origin::Feed {
                feed,
                url,
                content_type,
            } => {
                let document =
                    fetcher::parse::document(&kept, content_type.as_deref(), Some(url), feed);
                match document.status {
                    ParseStatus::Error => redriven.still_dead += 1,
                    _ => redriven.readable += 1,
                }
            }
            // What the log refused was made from `raw`, and `replay --item` makes it again.
            Origin::Output { .. } => redriven.still_dead += 1,
            Origin::Record {
                topic,
                partition,
                offset,
            } => {
                let record = Entry {
                    topic: topic.clone(),
                    partition: *partition,
                    offset: *offset,
                    value: Some(kept),
                    ..entry
                };
                again(log, &tagger, &stories, record, &mut redriven).await?;
            }
        }
    }
    let Redriven {
        tagged,
        irrelevant,
        done,
        readable,
        still_dead,
        cut,
    } = redriven;
    writeln!(
        io::stdout().lock(),
        "{tagged} records tagged, {irrelevant} irrelevant, {done} tagged before; {readable} documents can be read at the next poll; {still_dead} still dead, {cut} not kept whole"
    )?;
    Ok(())
}

/// Tags a record of `raw` again, unless it has its tags.
async fn again(
    log: &Log,
    tagger: &Tagger,
    stories: &Stories,
    record: Entry,
    redriven: &mut Redriven,
) -> anyhow::Result<()> {
    let read = tagger.clone().tag(vec![record]).await?;
    redriven.still_dead += read.dead.len();
    redriven.irrelevant += read.irrelevant.len();
    let Some(item) = read.items.first() else {
        return Ok(());
    };
    let (id, revision) = (item.revision.item.clone(), item.revision.revision);
    for topic in ["items.confirmed", "items.unconfirmed"] {
        let partition = log.partition(topic, id.0.as_bytes());
        let mut range = log.range(topic, partition, From::Beginning).await?;
        while let Some(entry) = range.next().await? {
            let value = entry.value.as_deref().unwrap_or_default();
            let tagged = serde_json::from_slice::<ItemRecord>(value);
            if tagged.is_ok_and(|it| it.item == id && it.revision == revision) {
                redriven.done += 1;
                return Ok(());
            }
        }
    }
    redriven.tagged += 1;
    let output = tagger.write(read, stories);
    log.append(output.records).await?;
    Ok(())
}
