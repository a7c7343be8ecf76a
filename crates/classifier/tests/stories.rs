//! The labelled scenarios of `tests/stories`, in every order of arrival, and what becomes of stories that
//! two instances open at once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use classifier::story::{Bounds, Stories, Telling, sketch};
use classifier::{Classifier, RuleFiles};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use wire::{Revision, Story, StoryRecord};

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound"));

const BOUNDS: Bounds = Bounds {
    window: SignedDuration::from_hours(72),
    items: 1000,
};

#[derive(Deserialize)]
struct File {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    items: Vec<Item>,
}

#[derive(Clone, Deserialize)]
struct Item {
    feed: String,
    story: String,
    at: i64,
    title: String,
    text: String,
}

fn scenarios() -> Vec<Scenario> {
    let text = include_str!("../../../tests/stories/scenarios.toml");
    let file: File = toml::from_str(text).expect("the scenarios are TOML");
    file.scenario
}

fn item(feed: &str, at: i64, text: &str) -> Item {
    Item {
        feed: feed.to_owned(),
        story: String::new(),
        at,
        title: String::new(),
        text: text.to_owned(),
    }
}

impl Item {
    fn revision(&self) -> Revision {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(self.at);
        let revision = json!({
            "item": format!("{}/{}", self.feed, self.at), "revision": 1, "id_origin": "guid",
            "source": {
                "feed": self.feed, "url": "https://feeds.example/", "publisher": self.feed,
                "language": "und", "country": "XX", "kind": "other"
            },
            "title": self.title, "text": self.text, "published": at, "fetched": at,
            "document": {"status": "ok", "quality": 1.0}
        });
        serde_json::from_value(revision).expect("it is a revision")
    }

    fn tell(&self, stories: &mut Stories) -> (Story, Option<StoryRecord>) {
        let revision = self.revision();
        let tags = CLASSIFIER.classify(&revision);
        let sketch = sketch(&revision.title, &revision.text, &tags.entities);
        stories.assign(Telling {
            revision: &revision,
            sketch,
        })
    }
}

/// Whichever feed is polled first, the items of a label share an id, and no others do.
#[test]
fn every_scenario_is_told_apart_as_labelled() {
    let scenarios = scenarios();
    let items: Vec<&Item> = scenarios.iter().flat_map(|it| &it.items).collect();
    let mut orders = vec![items.clone(), items.clone(), items.clone()];
    orders[0].sort_by_key(|item| item.at);
    orders[1].reverse();
    orders[2].sort_by_key(|item| (&item.feed, -item.at));
    for order in orders {
        let mut stories = Stories::new(BOUNDS);
        let ids: BTreeMap<(&str, i64), Story> = order
            .iter()
            .map(|item| ((item.feed.as_str(), item.at), item.tell(&mut stories).0))
            .collect();
        for scenario in &scenarios {
            for one in &scenario.items {
                for other in &items {
                    let of = |item: &Item| ids[&(item.feed.as_str(), item.at)].id.clone();
                    assert_eq!(
                        of(one) == of(other),
                        one.story == other.story,
                        "{}: {} at {} and {} at {}",
                        scenario.name,
                        one.feed,
                        one.at,
                        other.feed,
                        other.at
                    );
                }
            }
        }
    }
}

const TEXT: &str = "Kyiv and Warsaw have agreed on a joint repair yard for armoured vehicles in Rzeszow, \
    the two defence ministries said after talks that lasted until late in the evening.";

#[test]
fn a_known_item_keeps_its_story_whatever_it_says_later() {
    let mut stories = Stories::new(BOUNDS);
    let first = item("wire", 0, TEXT);
    let (story, record) = first.tell(&mut stories);
    assert_eq!(story.first.item, first.revision().item);
    assert!(record.is_some());
    let corrected = item(
        "wire",
        0,
        "Correction: there is no agreement between Kyiv and Warsaw.",
    );
    assert_eq!(corrected.tell(&mut stories), (story, None));
}

#[test]
fn instances_that_read_the_same_records_know_the_same_stories() {
    let (mut here, mut there) = (Stories::new(BOUNDS), Stories::new(BOUNDS));
    let (opened_here, record_here) = item("wire", 0, TEXT).tell(&mut here);
    let (opened_there, record_there) = item("herald", 1, TEXT).tell(&mut there);
    assert_ne!(opened_here, opened_there, "neither knows of the other yet");

    // The log puts the second first.
    let records = [record_there, record_here].map(|record| record.expect("it is news"));
    for stories in [&mut here, &mut there] {
        for (offset, record) in (0..).zip(records.clone()) {
            stories.learn(offset, record);
        }
    }
    for stories in [&mut here, &mut there] {
        let (story, _) = item("tribune", 2, TEXT).tell(stories);
        assert_eq!(story, opened_there, "the earlier record wins");
        let (story, record) = item("wire", 0, TEXT).tell(stories);
        assert_eq!(
            (story, record),
            (opened_here.clone(), None),
            "what is out stays"
        );
    }
}

#[test]
fn what_was_not_committed_is_taken_back() {
    let mut stories = Stories::new(BOUNDS);
    item("wire", 0, TEXT).tell(&mut stories);
    stories.forget(&item("wire", 0, TEXT).revision().item);
    let (story, _) = item("herald", 1, TEXT).tell(&mut stories);
    assert_eq!(story.first.feed.0, "herald");
}

#[test]
fn a_restart_knows_what_the_log_knows() {
    let mut before = Stories::new(BOUNDS);
    let (story, record) = item("wire", 0, TEXT).tell(&mut before);
    let mut after = Stories::new(BOUNDS);
    after.learn(7, record.expect("it is news"));
    assert_eq!(after.position(), 8);
    assert_eq!(item("herald", 1, TEXT).tell(&mut after).0, story);
}

#[test]
fn past_the_window_a_text_is_news_again_and_past_the_cap_an_item_is() {
    let mut stories = Stories::new(Bounds { items: 3, ..BOUNDS });
    let (story, _) = item("wire", 0, TEXT).tell(&mut stories);
    let late = item("herald", 73 * 60, TEXT);
    assert_ne!(late.tell(&mut stories).0, story);
    assert_eq!(item("wire", 0, TEXT).tell(&mut stories), (story, None));
    for at in 5000..5003 {
        let text =
            format!("Item number {at} of a feed in Kyiv says {at} times that it is item {at}.");
        item("courier", at, &text).tell(&mut stories);
    }
    let (_, record) = item("wire", 0, TEXT).tell(&mut stories);
    assert!(record.is_some(), "the cap holds");
}
