//! What is logged and counted of polls and pushes.

use wire::FeedSpec;
use wire::websub::Subscription;

use crate::poll::{Outcome, Poll, PollError};
use crate::status::redacted;

/// Logs the first failure of a run and the recovery from it, and counts every poll.
pub(crate) fn polled(spec: &FeedSpec, failures_before: u32, poll: &Poll, doubted: bool) {
    metrics::counter!("claimwire_polls_total", "outcome" => poll.outcome.name()).increment(1);
    let (feed, url) = (&spec.id, redacted(&spec.url));
    match &poll.outcome {
        Outcome::Failed(error) if failures_before == 0 => tracing::warn!(
            feed.id = %feed, feed.url = url, feed.next_poll = %poll.state.next_poll, %error,
            "feed {feed} failed: {error}"
        ),
        Outcome::Failed(_) => {}
        Outcome::Gone => tracing::warn!(
            feed.id = %feed, feed.url = url, "feed {feed} was ended by its publisher (410)"
        ),
        _ if failures_before > 0 => tracing::info!(
            feed.id = %feed, feed.url = url, feed.failures = failures_before, "feed {feed} is back"
        ),
        _ => {}
    }
    count_items(&poll.outcome);
    let Outcome::Document {
        new, gap_suspected, ..
    } = poll.outcome
    else {
        return;
    };
    if gap_suspected {
        metrics::counter!("claimwire_gaps_suspected_total").increment(1);
        tracing::warn!(
            feed.id = %feed, feed.url = url,
            "feed {feed} shares no item with its last document: some may have been missed"
        );
    }
    if doubted && new > 0 {
        metrics::counter!("claimwire_stuck_validators_total").increment(1);
        tracing::warn!(
            feed.id = %feed, feed.url = url,
            "feed {feed} had answered \"not modified\" though it had {new} new items"
        );
    }
}

/// Counts a push, and what it brought.
pub(crate) fn pushed(spec: &FeedSpec, poll: &Poll) {
    metrics::counter!("claimwire_pushes_total", "outcome" => poll.outcome.name()).increment(1);
    if let Outcome::Failed(error) = &poll.outcome {
        let feed = &spec.id;
        tracing::warn!(feed.id = %feed, %error, "a push for feed {feed} failed: {error}");
    }
    count_items(&poll.outcome);
}

/// Counts a request for a lease, and logs the first that fails.
pub(crate) fn asked_hub(
    spec: &FeedSpec,
    subscription: &Subscription,
    asked: &Result<(), PollError>,
) {
    let outcome = if asked.is_ok() { "accepted" } else { "failed" };
    metrics::counter!("claimwire_hub_requests_total", "outcome" => outcome).increment(1);
    if let Err(error) = asked
        && subscription.attempts == 0
    {
        let (feed, hub) = (&spec.id, redacted(&subscription.hub));
        tracing::warn!(
            feed.id = %feed, hub.url = hub, %error,
            "the hub {hub} of feed {feed} cannot be asked to push: {error}"
        );
    }
}

fn count_items(outcome: &Outcome) {
    let Outcome::Document {
        new,
        revised,
        skipped,
        withdrawn,
        ..
    } = *outcome
    else {
        return;
    };
    let kinds = [
        ("new", new),
        ("revised", revised),
        ("skipped", skipped),
        ("withdrawn", withdrawn),
    ];
    for (kind, number) in kinds {
        metrics::counter!("claimwire_items_total", "kind" => kind).increment(number as u64);
    }
}
