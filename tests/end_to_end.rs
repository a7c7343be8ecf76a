//! The daemon from outside: what it asks of feeds, what it puts on topics, and how it ends.

#![expect(clippy::print_stderr, reason = "a test binary's own output")]

use libtest_mimic::{Arguments, Trial};

#[path = "end_to_end/doctor.rs"]
mod doctor;
#[path = "end_to_end/polling.rs"]
mod polling;
#[path = "end_to_end/records.rs"]
mod records;
#[path = "end_to_end/refusals.rs"]
mod refusals;
#[path = "end_to_end/reload.rs"]
mod reload;
#[path = "end_to_end/replay.rs"]
mod replay;
#[path = "end_to_end/shutdown.rs"]
mod shutdown;
#[path = "end_to_end/stories.rs"]
mod stories;
#[path = "end_to_end/telemetry.rs"]
mod telemetry;
#[path = "end_to_end/websub.rs"]
mod websub;

#[path = "support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod feed;
    pub(crate) mod feed_server;
    pub(crate) mod hub;
    pub(crate) mod kafka;
    pub(crate) mod loopback;
    pub(crate) mod topics;
    pub(crate) mod trial;
}

use support::trial::{explain, on_both, on_kafka, trial};

fn main() {
    let arguments = Arguments::from_args();
    let trials = trials();
    explain(&trials);
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "a_second_process_on_the_directory_is_refused",
            refusals::second_process,
        ),
        trial("a_port_in_use_is_refused", refusals::port_in_use),
        trial(
            "an_unreachable_broker_is_named",
            refusals::unreachable_broker,
        ),
        trial(
            "two_hundred_feeds_come_change_and_go_without_a_storm",
            reload::no_poll_storm,
        ),
        trial(
            "a_mistake_in_the_rules_is_named_and_the_old_ones_kept",
            reload::wrong_rules_are_refused,
        ),
        trial(
            "doctor_names_an_unreachable_broker",
            doctor::names_an_unreachable_broker,
        ),
        trial("doctor_names_a_damaged_log", doctor::names_a_damaged_log),
        trial("doctor_reports_a_torn_tail", doctor::reports_a_torn_tail),
        on_kafka(
            "doctor_names_a_topic_that_is_missing_or_cleaned_up_wrongly",
            doctor::names_a_topic_that_is_missing_or_cleaned_up_wrongly,
        ),
        trial("malformed_toml_is_refused", refusals::malformed_toml),
        trial("an_unknown_key_is_refused", refusals::unknown_key),
        trial("two_feeds_of_one_id_are_refused", refusals::duplicate_feed),
        trial(
            "ctrl_c_ends_the_sample_wire_after_every_status",
            shutdown::ctrl_c_on_the_sample,
        ),
        on_kafka(
            "a_record_carries_its_headers_and_fits_its_schema",
            records::contract,
        ),
    ];
    trials.extend(on_both(
        "an_edited_headline_is_revision_2",
        polling::edited_headline,
    ));
    trials.extend(on_both(
        "doctor_finds_nothing_wrong_with_a_log_that_is_well",
        doctor::finds_nothing,
    ));
    trials.extend(on_both(
        "a_canary_comes_through",
        telemetry::a_canary_comes_through,
    ));
    trials.extend(on_both(
        "an_unchanged_feed_writes_nothing",
        polling::unchanged_feed,
    ));
    trials.extend(on_both(
        "a_poll_is_traced_to_its_claims",
        telemetry::a_poll_is_traced_to_its_claims,
    ));
    trials.extend(on_both(
        "an_unparsable_document_is_kept",
        polling::unparsable_document,
    ));
    trials.extend(on_both(
        "a_hub_pushes_signed_news_and_forged_news_is_dropped",
        websub::pushed,
    ));
    trials.extend(on_both(
        "what_is_tagged_again_is_the_same_but_for_its_mark",
        replay::replayed,
    ));
    trials.extend(on_both(
        "copies_of_a_text_are_one_story",
        stories::told_apart,
    ));
    trials.extend(on_both(
        "sigterm_under_load_exits_0",
        shutdown::sigterm_under_load,
    ));
    trials
}
