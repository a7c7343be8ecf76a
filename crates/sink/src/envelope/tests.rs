use serde_json::{Value, json};

use super::*;

const TRACE: Trace = Trace {
    trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
    span: 0x00f0_67aa_0ba9_02b7,
    parent: None,
};
const ITEM: &str = "0123456789abcdef0123456789abcdef";
const STORY: &str = "fedcba9876543210fedcba9876543210";

fn source() -> Value {
    json!({
        "feed": "nato-news", "url": "https://feeds.example/nato", "publisher": "NATO",
        "language": "en", "country": "XX", "kind": "alliance"
    })
}

fn story() -> Value {
    json!({
        "id": STORY,
        "first": {
            "feed": "nato-news", "publisher": "NATO", "item": ITEM, "at": "2026-07-01T12:00:00Z"
        }
    })
}

fn entity(id: &str, value: Option<&Value>) -> Value {
    let mut entity =
        json!({"start": 0, "end": 4, "surface": "NATO", "type": "nato_body", "id": id});
    if let Some(value) = value {
        entity["value"] = value.clone();
    }
    entity
}

fn claim_record(status: &str, detail: &str) -> ClaimRecord {
    let amount = json!({"amount": "5", "currency": "EUR"});
    let record = json!({
        "id": format!("{ITEM}/2/0"), "item": ITEM, "revision": 2, "index": 0,
        "text": "NATO said so", "title": "NATO said so", "language": "en", "rules": "r",
        "source": source(), "fetched": "2026-07-01T12:00:00Z", "story": story(),
        "entities": [
            entity("org.nato", None), entity("place.kyiv", None), entity("org.nato", None),
            entity("money.eur.5", Some(&amount))
        ],
        "claim": {
            "start": 0, "end": 12, "status": status, "status_detail": detail,
            "factuality": "CT+", "value": 3.0, "kind": "event", "polarity": "positive",
            "tense": "past", "attribution": null, "verifier": null, "evidence": [],
            "score": 1.0, "review": false,
            "admiralty": {"reliability": "F", "credibility": 2}
        }
    });
    serde_json::from_value(record).expect("it is a claim record")
}

fn item_record(standing: Option<&str>) -> ItemRecord {
    let status = standing.map(|status| json!({"status": status, "counts": {}}));
    let record = json!({
        "item": ITEM, "revision": 1, "source": source(), "title": "t", "text": "",
        "fetched": "2026-07-01T12:00:00Z", "story": story(),
        "tags": {
            "id": ITEM, "language": "uk", "relevant": true,
            "relevance": {"score": 1.0, "reasons": []},
            "entities": [entity("org.nato", None)], "claims": [],
            "claim_status": status, "rules": "r"
        }
    });
    serde_json::from_value(record).expect("it is an item record")
}

fn headers(record: &Record) -> Vec<(&str, &str)> {
    let headers = record.headers.iter();
    headers
        .map(|(name, value)| {
            let value = std::str::from_utf8(value).expect("headers are text");
            (name.as_ref(), value)
        })
        .collect()
}

#[test]
fn a_claim_carries_its_event_its_trace_and_its_tags() {
    let record = claim(&claim_record("denied", "denied_by"), TRACE);
    assert_eq!(record.topic, "claims.unconfirmed");
    assert_eq!(record.key, ITEM.as_bytes());
    let id = format!("{ITEM}/2/0");
    assert_eq!(
        headers(&record),
        [
            ("ce_specversion", "1.0"),
            ("ce_id", id.as_str()),
            ("ce_source", "/feeds/nato-news"),
            ("ce_type", "claimwire.claim.v1"),
            ("ce_time", "2026-07-01T12:00:00Z"),
            ("content-type", "application/json"),
            ("ce_subject", ITEM),
            (
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            ),
            ("claim-status", "denied"),
            ("status-detail", "denied_by"),
            ("entities", "org.nato,place.kyiv"),
            ("lang", "en"),
            ("story-id", STORY),
        ]
    );
}

#[test]
fn a_record_is_read_without_memory_for_the_names_of_its_headers() {
    let mut tagged_again = claim_record("denied", "denied_by");
    tagged_again.replay = true;
    let record = claim(&tagged_again, TRACE);
    assert_eq!(record.headers.len(), NAMES.len(), "a claim has them all");
    for (name, _) in &record.headers {
        assert!(matches!(header_name(name), Cow::Borrowed(same) if same == name));
    }
    let foreign = header_name("x-route");
    assert!(matches!(foreign, Cow::Owned(same) if same == "x-route"));
}

#[test]
fn only_confirmed_claims_go_to_the_confirmed_topic() {
    for (status, detail, topic) in [
        ("confirmed", "official_announcement", "claims.confirmed"),
        ("unconfirmed", "hearsay", "claims.unconfirmed"),
        ("denied", "denied_by", "claims.unconfirmed"),
        ("disputed", "conflicting", "claims.unconfirmed"),
        ("not_a_claim", "opinion", "claims.unconfirmed"),
    ] {
        let record = claim(&claim_record(status, detail), TRACE);
        assert_eq!(record.topic, topic, "{status}");
        assert!(headers(&record).contains(&("claim-status", status)));
    }
}

#[test]
fn an_item_goes_where_its_standing_says() {
    for (standing, topic) in [
        (Some("confirmed"), "items.confirmed"),
        (Some("unconfirmed"), "items.unconfirmed"),
        (None, "items.unconfirmed"),
    ] {
        let record = item(&item_record(standing), TRACE);
        assert_eq!(record.topic, topic);
        assert!(headers(&record).contains(&("lang", "uk")));
        assert!(headers(&record).contains(&("ce_subject", ITEM)));
    }
}

#[test]
fn a_dead_letter_of_a_record_is_named_by_its_place() {
    let letter = json!({
        "origin": {"kind": "record", "topic": "raw", "partition": 1, "offset": 7},
        "reason": "not JSON", "bytes": "AA==", "size": 1, "at": "2026-07-01T12:00:00Z"
    });
    let letter: DeadLetter = serde_json::from_value(letter).expect("it is a dead letter");
    let record = dead(&letter, TRACE);
    assert_eq!(record.key, b"raw/1/7");
    let later = DeadLetter {
        at: Timestamp::UNIX_EPOCH,
        ..letter
    };
    let id = |record: &Record| headers(record)[1].1.to_owned();
    assert_eq!(id(&record), id(&dead(&later, TRACE)), "a replay has its id");
}

#[test]
fn the_next_step_stays_in_its_trace() {
    let record = claim(&claim_record("confirmed", "reported_as_fact"), TRACE);
    let next = Trace::next(&record.headers);
    assert_eq!(next.trace, TRACE.trace);
    assert_ne!(next.span, TRACE.span);
    let garbled = vec![("traceparent".into(), b"00-zz-1-01".into())];
    assert_ne!(Trace::next(&garbled).trace, 0);
}

#[test]
fn a_removed_feed_is_a_tombstone_in_the_partition_of_its_site() {
    let record = feed_removed(&FeedId("nato-news".into()), "example");
    assert_eq!(record.value, None);
    assert_eq!(record.partition_key.as_deref(), Some(&b"example"[..]));
}
