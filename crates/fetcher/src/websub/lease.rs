//! A subscription from the day it is offered to its end. Nothing here waits or reads a clock.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use wire::FeedId;
use wire::websub::{Secret, Subscription};

use super::WebSub;
use super::offer::Offered;

/// After the first request that a hub does not answer with a lease; twice that after the second, up to a day.
const RETRY: Duration = Duration::from_secs(5 * 60);
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);
/// Leases are believed between these: a hub cannot be asked all the time, and nothing is for ever.
const LEASES: [Duration; 2] = [
    Duration::from_secs(10 * 60),
    Duration::from_secs(90 * 24 * 60 * 60),
];

/// The subscription after a document that offers `offered`: the one there was, if that is still what is
/// offered and pushes still come to `websub`; else a new one, due at once.
pub(crate) fn after_document(
    websub: Option<&WebSub>,
    before: Option<Subscription>,
    offered: Option<Offered>,
    now: Timestamp,
) -> Option<Subscription> {
    let (websub, Offered { hub, topic }) = (websub?, offered?);
    let callback = websub.callback.as_str();
    let holds = |it: &Subscription| it.hub == hub && it.topic == topic && it.callback == callback;
    before.filter(holds).or_else(|| {
        Some(Subscription {
            callback: callback.to_owned(),
            secret: Secret(hexadecimal(&rand::random::<[u8; 32]>())),
            until: None,
            next: now,
            attempts: 0,
            delivers: false,
            hub,
            topic,
        })
    })
}

/// The subscription with which a feed begins to be followed, `spread` after which its hub may be asked. Where
/// pushes came to another instance or address before, it is a new one.
pub(crate) fn at_start(
    websub: Option<&WebSub>,
    before: Option<Subscription>,
    now: Timestamp,
    spread: Duration,
) -> Option<Subscription> {
    let before = before?;
    let offered = Offered {
        hub: before.hub.clone(),
        topic: before.topic.clone(),
    };
    let mut subscription = after_document(websub, Some(before), Some(offered), now)?;
    subscription.next = subscription.next.max(later(now, spread));
    Some(subscription)
}

/// Notes that the hub was asked, whatever it answered: it is asked again unless it grants a lease meanwhile,
/// and not before `retry_after` where it wants that.
pub(crate) fn asked(
    subscription: &mut Subscription,
    retry_after: Option<Duration>,
    now: Timestamp,
) {
    let wait = RETRY.saturating_mul(1 << subscription.attempts.min(16));
    let wait = wait.min(LONGEST_RETRY).max(retry_after.unwrap_or_default());
    subscription.attempts = subscription.attempts.saturating_add(1);
    subscription.next = later(now, wait);
}

/// Notes the lease that the hub grants, or that was asked for where it does not say.
pub(crate) fn granted(
    subscription: &mut Subscription,
    lease: Option<Duration>,
    websub: &WebSub,
    now: Timestamp,
) {
    let [least, most] = LEASES;
    let lease = lease.unwrap_or(websub.lease).clamp(least, most);
    subscription.attempts = 0;
    subscription.until = Some(later(now, lease));
    subscription.next = later(now, lease / 5 * 4);
}

/// Notes that the hub does not push, or no longer does; it is asked again in a day.
pub(crate) fn denied(subscription: &mut Subscription, now: Timestamp) {
    subscription.until = None;
    subscription.delivers = false;
    subscription.next = later(now, LONGEST_RETRY);
}

/// Whether the hub pushes.
pub(crate) fn holds(subscription: &Subscription, now: Timestamp) -> bool {
    subscription.until.is_some_and(|until| until > now)
}

/// How long the feed need not be polled, since its hub has delivered everything that polls found. At the
/// end of the lease nothing is relied on any more.
pub(crate) fn respite(
    websub: Option<&WebSub>,
    subscription: Option<&Subscription>,
    now: Timestamp,
) -> Duration {
    let delivering = subscription.filter(|it| it.delivers);
    let (Some(websub), Some(until)) = (websub, delivering.and_then(|it| it.until)) else {
        return Duration::ZERO;
    };
    let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
    websub.poll.min(left)
}

/// Where the hub reaches the feed's subscription.
pub(crate) fn callback(feed: &FeedId, subscription: &Subscription) -> String {
    let base = subscription.callback.trim_end_matches('/');
    format!("{base}/{feed}/{}", word(subscription))
}

/// The part of the callback address that only the hub knows (a capability URL, §5.1): an HMAC of a constant by
/// the secret, so that one of them does not give the other away.
pub(crate) fn word(subscription: &Subscription) -> String {
    let keyed = <Hmac<Sha256> as KeyInit>::new_from_slice(subscription.secret.0.as_bytes())
        .expect("HMAC takes a key of any length");
    hexadecimal(&keyed.chain_update(b"callback").finalize().into_bytes()[..16])
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn websub() -> WebSub {
        WebSub {
            callback: "https://desk.example/hub".parse().expect("an address"),
            lease: 240 * HOUR,
            poll: 2 * HOUR,
        }
    }

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().expect("a time")
    }

    fn offered(hub: &str) -> Option<Offered> {
        Some(Offered {
            hub: hub.to_owned(),
            topic: "https://a.example/feed".to_owned(),
        })
    }

    fn new() -> Subscription {
        after_document(
            Some(&websub()),
            None,
            offered("https://hub.example/"),
            now(),
        )
        .expect("it is offered")
    }

    #[test]
    fn a_subscription_stays_while_the_feed_offers_it_and_each_has_a_secret_of_its_own() {
        let first = new();
        let again = |hub| {
            after_document(Some(&websub()), Some(first.clone()), offered(hub), now())
                .expect("it is offered")
        };
        assert_eq!(again("https://hub.example/"), first);
        let moved = again("https://other.example/");
        assert_ne!((&moved.secret, word(&moved)), (&first.secret, word(&first)));
        assert_eq!(first.secret.0.len(), 64);
        assert!(!format!("{first:?}").contains(&first.secret.0));
        assert!(!callback(&FeedId("a".to_owned()), &first).contains(&first.secret.0));
        assert_eq!(
            after_document(Some(&websub()), Some(first.clone()), None, now()),
            None
        );
        assert_eq!(
            after_document(None, Some(first), offered("https://hub.example/"), now()),
            None
        );
    }

    #[test]
    fn another_instance_subscribes_anew_for_its_own_address() {
        let first = new();
        let resume = |websub: &WebSub| at_start(Some(websub), Some(first.clone()), now(), HOUR);
        let here = resume(&websub()).expect("it goes on");
        assert_eq!(here.secret, first.secret);
        assert_eq!(
            here.next,
            later(now(), HOUR),
            "hubs are not all asked at once"
        );
        let elsewhere = WebSub {
            callback: "https://other-desk.example/hub"
                .parse()
                .expect("an address"),
            ..websub()
        };
        let there = resume(&elsewhere).expect("it goes on");
        assert_ne!(there.secret, first.secret);
        assert_eq!((there.until, there.topic), (None, first.topic.clone()));
    }

    #[test]
    fn a_hub_that_grants_nothing_is_asked_more_and_more_rarely() {
        let mut subscription = new();
        let waits: Vec<i64> = (0..12)
            .map(|_| {
                asked(&mut subscription, None, now());
                subscription.next.duration_since(now()).as_mins()
            })
            .collect();
        assert_eq!(waits[..4], [5, 10, 20, 40]);
        assert_eq!(waits[9..], [24 * 60; 3]);
        let mut busy = new();
        asked(&mut busy, Some(HOUR), now());
        assert_eq!(busy.next, later(now(), HOUR), "it may ask for more time");
    }

    #[test]
    fn a_lease_is_renewed_before_it_ends_and_is_never_endless_nor_too_short_to_keep() {
        let cases = [
            (Some(10 * HOUR), 10 * HOUR),
            (None, 240 * HOUR),
            (Some(Duration::from_secs(1)), HOUR / 6),
            (Some(Duration::MAX), 90 * 24 * HOUR),
        ];
        for (said, lease) in cases {
            let mut subscription = new();
            asked(&mut subscription, None, now());
            granted(&mut subscription, said, &websub(), now());
            assert_eq!(subscription.until, Some(later(now(), lease)), "{said:?}");
            assert_eq!(subscription.next, later(now(), lease / 5 * 4), "{said:?}");
            assert_eq!(subscription.attempts, 0);
        }
    }

    #[test]
    fn polls_are_put_off_only_while_a_hub_delivers_and_its_lease_lasts() {
        let respite = |it: &Subscription| respite(Some(&websub()), Some(it), now());
        let mut subscription = new();
        subscription.delivers = true;
        assert_eq!(respite(&subscription), Duration::ZERO);
        granted(&mut subscription, Some(HOUR), &websub(), now());
        assert_eq!(respite(&subscription), HOUR, "not past the lease");
        granted(&mut subscription, Some(9 * HOUR), &websub(), now());
        assert_eq!(respite(&subscription), 2 * HOUR);
        subscription.delivers = false;
        assert_eq!(respite(&subscription), Duration::ZERO);
        denied(&mut subscription, now());
        assert_eq!(
            (holds(&subscription, now()), subscription.until),
            (false, None)
        );
    }
}
