//! Short articles: every claim of every sentence, the headline among them, in its context.

use classifier::{Scope, Text};
use serde::Deserialize;
use wire::claim::StatusDetail;

use super::{CLASSIFIER, Confusion, DETAILS, LEAST, Tally, name, read, status_of, table};

/// Claims that must agree in status at least, in a hundred, by language, in the order of [`LEAST`].
const LEAST_OF_ARTICLES: [usize; 6] = [96, 98, 98, 98, 98, 98];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Articles {
    article: Vec<Article>,
}

/// An article; a sentence is its text and the standing of each claim that it makes, in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Article {
    name: String,
    title: Vec<String>,
    body: Vec<Vec<String>>,
}

#[test]
fn the_articles_agree_in_every_language() {
    let mut short = Vec::new();
    let mut all = 0;
    for ((language, ..), least) in LEAST.into_iter().zip(LEAST_OF_ARTICLES) {
        let articles: Articles = read(&format!("articles/{language}.toml"));
        all += articles.article.len();
        let mut status = Tally::default();
        let mut detail = Tally::default();
        let mut confusion = Confusion::new();
        for article in &articles.article {
            for (text, expected, found) in labelled(article) {
                *confusion.entry((expected, found)).or_insert(0) += 1;
                detail.add(found == Some(expected), String::new);
                status.add(found.map(status_of) == Some(status_of(expected)), || {
                    let (expected, found) = (name(Some(expected)), name(found));
                    format!("{}: {expected} <> {found}: {text}", article.name)
                });
            }
        }
        println!("{}", table(language, &confusion));
        println!(
            "{language}: articles, status {}/{}, detail {}/{}",
            status.right, status.all, detail.right, detail.all
        );
        for line in &status.missed {
            println!("{language} {line}");
        }
        if status.share() < least {
            short.push(format!(
                "{language}: {}, not {least} in a hundred",
                status.share()
            ));
        }
    }
    assert!(all >= 60, "{all} articles");
    assert!(short.is_empty(), "articles: {}", short.join("; "));
}

#[test]
fn the_articles_hold_every_standing() {
    let mut held = Vec::new();
    for (language, ..) in LEAST {
        let articles: Articles = read(&format!("articles/{language}.toml"));
        for article in &articles.article {
            let lines = article.body.iter().chain([&article.title]);
            held.extend(lines.flat_map(|line| line[1..].iter().map(|label| standing(label))));
        }
    }
    for detail in DETAILS {
        assert!(held.contains(&detail), "no {detail:?}");
    }
}

/// Each labelled claim with its sentence and the standing that was found for it.
fn labelled(article: &Article) -> Vec<(&str, StatusDetail, Option<StatusDetail>)> {
    let title = &article.title[0];
    let sentences: Vec<&str> = article.body.iter().map(|line| line[0].as_str()).collect();
    let text = Text {
        id: article.name.clone(),
        title: Some(title.clone()),
        text: sentences.join(" "),
        published: Some("2025-06-10T12:00:00Z".parse().expect("a timestamp")),
        ..Text::default()
    };
    let claims = CLASSIFIER.tag(&text, Scope::All).claims;
    let mut rows = Vec::new();
    let mut start = 0;
    for line in std::iter::once(&article.title).chain(&article.body) {
        let end = start + line[0].chars().count();
        let mut here = claims
            .iter()
            .filter(|claim| (start..end).contains(&(claim.start as usize)));
        for label in &line[1..] {
            let found = here.next().map(|claim| claim.status_detail);
            rows.push((line[0].as_str(), standing(label), found));
        }
        // The headline is followed by two line breaks, a sentence by a space.
        start = end + if start == 0 { 2 } else { 1 };
    }
    rows
}

fn standing(label: &str) -> StatusDetail {
    serde_json::from_value(label.into()).unwrap_or_else(|_| panic!("no standing {label:?}"))
}
