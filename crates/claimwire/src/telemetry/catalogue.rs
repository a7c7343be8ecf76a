//! Every metric that the daemon exposes, with its help text. Names follow Prometheus's conventions:
//! base units, `_total` for counters; labels take few values, all of them known beforehand.
//!
//! `tests/metric-names` holds this table against the code that counts, the alert rules, the dashboards and
//! the operator's handbook.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

/// Counters: what only grows.
const COUNTERS: &[(&str, &str)] = &[
    (
        "claimwire_polls_total",
        "Polls, by outcome: document, unchanged, not_modified, failed, gone.",
    ),
    (
        "claimwire_items_total",
        "Items that documents held and had not before, by kind: new, revised, withdrawn, skipped.",
    ),
    (
        "claimwire_gaps_suspected_total",
        "Documents that share no item with the one before.",
    ),
    (
        "claimwire_stuck_validators_total",
        "Feeds that answered 304 although they had new items.",
    ),
    (
        "claimwire_pushes_total",
        "What hubs pushed (WebSub), by outcome.",
    ),
    (
        "claimwire_pushes_missed_total",
        "Polls that found what a hub should have pushed.",
    ),
    (
        "claimwire_hub_requests_total",
        "Requests to hubs for a subscription, by outcome.",
    ),
    (
        "claimwire_tagged_total",
        "Revisions that were tagged, by whether they are relevant.",
    ),
    (
        "claimwire_claims_total",
        "Claims that were tagged, by status.",
    ),
    (
        "claimwire_dead_total",
        "Dead letters, by what they are: document, record.",
    ),
    (
        "claimwire_account_taken_total",
        "What committed steps took in, by stage: items of documents, records of `raw`.",
    ),
    (
        "claimwire_account_given_total",
        "What became of it, by stage and outcome.",
    ),
    (
        "claimwire_account_mismatch_total",
        "What was taken in and has no outcome, by stage: never anything but 0.",
    ),
    (
        "claimwire_canary_missed_total",
        "Items of the canary that did not come to the tagged topic in time.",
    ),
    (
        "claimwire_log_commits_total",
        "Commits to the log, by backend.",
    ),
    (
        "claimwire_log_records_total",
        "Records committed to the log, by backend.",
    ),
    (
        "claimwire_log_aborts_total",
        "Transactions that were aborted and attempted again.",
    ),
    (
        "claimwire_log_producers_renewed_total",
        "Producers replaced since a commit's outcome was not known.",
    ),
    (
        "claimwire_log_refused_total",
        "Records that the log refused and that went to `dead`, by topic.",
    ),
    (
        "claimwire_log_replays_total",
        "Times that work was done again because a commit's outcome was not known.",
    ),
];

/// Gauges: what is now.
const GAUGES: &[(&str, &str)] = &[
    ("claimwire_feeds", "Feeds that this process follows."),
    ("claimwire_feeds_failing", "Feeds whose last poll failed."),
    (
        "claimwire_feeds_quiet",
        "Feeds that have been silent for longer than their rhythm explains.",
    ),
    (
        "claimwire_log_broker_up",
        "1 while a Kafka broker answers, 0 while none does.",
    ),
    (
        "claimwire_log_paused",
        "What of the log is paused until somebody mends it, by reason.",
    ),
    (
        "claimwire_log_lag_records",
        "Records of `raw` that wait to be tagged, in the partitions that this process holds.",
    ),
];

/// Histograms of seconds.
const SECONDS: &[(&str, &str)] = &[
    (
        "claimwire_poll_duration_seconds",
        "Time of one poll, from the request to the compared document.",
    ),
    (
        "claimwire_log_commit_seconds",
        "Time of one commit to the log, by backend.",
    ),
    (
        "claimwire_served_to_topic_seconds",
        "Time from the answer that held a revision to its tagged records on the topics.",
    ),
    (
        "claimwire_canary_seconds",
        "Time from an item of the canary, waiting for its poll included, until it could be read, tagged.",
    ),
    (
        "claimwire_published_to_topic_seconds",
        "Time from an item's publication, as its feed dates it, to its tagged records on the topics.",
    ),
];

/// Counters, and gauges of trouble, that are there from the start, with each value of their label: a rate sees
/// only what grows from a value that was scraped, so the first of a kind would go unseen otherwise.
const COUNTED_FROM_0: &[(&str, &str, &[&str])] = &[
    (
        "claimwire_polls_total",
        "outcome",
        &["document", "unchanged", "not_modified", "failed", "gone"],
    ),
    (
        "claimwire_items_total",
        "kind",
        &["new", "revised", "withdrawn", "skipped"],
    ),
    ("claimwire_tagged_total", "relevant", &["true", "false"]),
    (
        "claimwire_claims_total",
        "status",
        &[
            "confirmed",
            "unconfirmed",
            "denied",
            "disputed",
            "not_a_claim",
        ],
    ),
    ("claimwire_dead_total", "origin", &["document", "record"]),
    (
        "claimwire_account_mismatch_total",
        "stage",
        &["fetch", "revise", "tag"],
    ),
    (
        "claimwire_hub_requests_total",
        "outcome",
        &["accepted", "failed"],
    ),
];

/// The same for counters without a label.
const ALONE_FROM_0: &[&str] = &[
    "claimwire_gaps_suspected_total",
    "claimwire_stuck_validators_total",
    "claimwire_pushes_missed_total",
    "claimwire_log_aborts_total",
    "claimwire_log_producers_renewed_total",
    "claimwire_log_replays_total",
];

/// What can pause the log.
const REASONS: &[&str] = &[
    "authorisation",
    "cluster",
    "credentials",
    "disk",
    "instance",
    "stuck",
    "topic",
];

/// Gives every metric its help text, and begins those that say that something is wrong.
pub(super) fn describe() {
    for (name, help) in COUNTERS {
        describe_counter!(*name, *help);
    }
    for (name, help) in GAUGES {
        describe_gauge!(*name, *help);
    }
    for (name, help) in SECONDS {
        describe_histogram!(*name, Unit::Seconds, *help);
    }
    for (name, label, values) in COUNTED_FROM_0 {
        for value in *values {
            counter!(*name, *label => *value).absolute(0);
        }
    }
    for name in ALONE_FROM_0 {
        counter!(*name).absolute(0);
    }
    for reason in REASONS {
        gauge!("claimwire_log_paused", "reason" => *reason).set(0.0);
    }
}
