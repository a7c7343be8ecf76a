//! `make eval`: the real daemon among servers that mean it harm.
#![expect(clippy::print_stdout, reason = "the rows are what it is for")]

#[path = "../hostile/behaviours.rs"]
mod behaviours;
#[path = "../hostile/run.rs"]
mod run;
#[path = "../hostile/server.rs"]
mod server;
#[path = "../ssrf"]
mod ssrf {
    pub(crate) mod names;
    pub(crate) mod run;
    pub(crate) mod spellings;
}
#[path = "../support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod loopback;
}

use std::time::Duration;

#[tokio::main]
async fn main() {
    let pressure = run::Pressure {
        total: "12s",
        again: "5s",
        after: Duration::from_secs(30),
        patience: Duration::from_secs(120),
    };
    let hostile = run::observed(&pressure).await;
    row("hostile server: behaviours", hostile.behaviours);
    row(
        "hostile server: feeds without an outcome",
        hostile.stuck.len(),
    );
    row(
        "hostile server: outcomes other than expected",
        hostile.surprises.len(),
    );
    row(
        "hostile server: every outcome after",
        format!("{:.1} s", hostile.settled.as_secs_f64()),
    );
    row(
        "hostile server: peak resident memory",
        format!("{:.0} MiB", hostile.peak_mib),
    );
    let (polls, late) = hostile.good;
    row(
        "hostile server: polls of good feeds, late",
        format!("{polls}, {late}"),
    );
    for (name, outcome) in &hostile.surprises {
        println!("  {name}: {outcome}");
    }
    for name in &hostile.stuck {
        println!("  stuck: {name}");
    }
    let ssrf = ssrf::run::observed(1_000).await;
    row("SSRF: spellings, as feeds and as redirects", ssrf.spellings);
    row("SSRF: rebinding answers given", ssrf.rebound);
    row("SSRF: polls that reached the public side", ssrf.reached);
    row("SSRF: connections to the canary", ssrf.canary);
}

fn row(measure: &str, value: impl std::fmt::Display) {
    println!("{measure:<58} {value:>12}");
}
