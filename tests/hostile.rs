//! The daemon among servers that mean it harm; `make eval` does the same for longer.

#[path = "hostile/behaviours.rs"]
mod behaviours;
#[path = "hostile/run.rs"]
mod run;
#[path = "hostile/server.rs"]
mod server;
#[path = "ssrf"]
mod ssrf {
    pub(crate) mod names;
    pub(crate) mod run;
    pub(crate) mod spellings;
}
#[path = "support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod loopback;
}

use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn no_server_brings_the_daemon_down_or_keeps_other_feeds_waiting() {
    let pressure = run::Pressure {
        total: "12s",
        again: "10m",
        after: Duration::from_secs(5),
        patience: Duration::from_secs(120),
    };
    let outcome = run::observed(&pressure).await;
    assert!(outcome.behaviours >= 120, "{}", outcome.behaviours);
    assert_eq!(outcome.stuck, Vec::<&str>::new());
    assert!(outcome.settled < pressure.patience, "{:?}", outcome.settled);
    // On a machine with other things to do anything may be too slow, and nothing may be anything else.
    let mut surprises = outcome.surprises;
    surprises.retain(|(_, outcome)| {
        !behaviours::SLOW
            .split('|')
            .any(|slow| outcome.contains(slow))
    });
    assert_eq!(surprises, []);
    assert!(outcome.peak_mib < 256.0, "{} MiB", outcome.peak_mib);
    assert!(outcome.good.0 > 0, "no good feed was polled");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_no_redirect_and_no_name_leads_inwards() {
    let outcome = ssrf::run::observed(200).await;
    assert!(outcome.spellings >= 60, "{}", outcome.spellings);
    assert!(outcome.rebound >= 200, "{}", outcome.rebound);
    assert!(outcome.reached > 0, "no poll reached the public side");
    assert_eq!(outcome.canary, 0);
}
