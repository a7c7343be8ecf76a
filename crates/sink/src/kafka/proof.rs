//! When the group last heard of a member for certain, read off the statistics of its consumer.
//!
//! librdkafka keeps the answers to its heartbeats to itself, but counts what it sends to the group's
//! coordinator and what comes back. Between two looks at which nothing was under way, with a heartbeat
//! sent and everything answered, the coordinator has heard of the member *after the first look*: the
//! member's session lasts from there. A refusal is an answer too, and ends the membership: it
//! is in the queue of events before the next look is, so a proof counts only from then on.

use std::time::{Duration, Instant};

use rdkafka::statistics::{Broker, Statistics};

/// What keeps a member in its group. Joining does not count: a member that the group had given up joins as a new one
/// with what it believes to hold, until the next round tells its new holder or itself to let go of it.
const SIGN: &str = "Heartbeat";

/// The looks at one consumer's statistics.
#[derive(Debug)]
pub(super) struct Proof {
    /// When librdkafka's clock was at zero, at the latest.
    zero: Option<Instant>,
    /// The last look at which nothing was under way.
    idle: Option<Look>,
    /// The group has heard of the member after this, unless the next events say otherwise.
    candidate: Option<Instant>,
}

/// The connection to the group's coordinator at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    at: Instant,
    sent: u64,
    answered: u64,
    heartbeats: i64,
}

impl Proof {
    pub(super) fn new() -> Self {
        Self {
            zero: None,
            idle: None,
            candidate: None,
        }
    }

    /// Takes a look; returns a moment after which the group has heard of the member, when there is a new one.
    pub(super) fn look(&mut self, statistics: &Statistics) -> Option<Instant> {
        let at = self.moment(statistics.ts)?;
        let group = statistics.cgrp.as_ref()?;
        let brokers = &mut statistics.brokers.values();
        let coordinator = brokers.find(|broker| broker.name.starts_with("GroupCoordinator"));
        // A coordinator that says it is none is not believed in anything.
        let Some(coordinator) = coordinator.filter(|_| group.state == "up") else {
            self.forget();
            return None;
        };
        let proven = self.candidate.take();
        if coordinator.waitresp_cnt == 0 {
            let now = Look::at(at, coordinator);
            self.candidate = self
                .idle
                .replace(now)
                .and_then(|before| before.proven(&now));
        }
        proven
    }

    /// The member has lost what it held: nothing that was seen before speaks for it.
    pub(super) fn forget(&mut self) {
        self.idle = None;
        self.candidate = None;
    }

    /// The moment of librdkafka's clock at `micros`. Statistics may lie in a queue for a while, and for as long
    /// as the process is stopped; those that came quickest relate the clocks.
    fn moment(&mut self, micros: i64) -> Option<Instant> {
        let since_zero = Duration::from_micros(micros.try_into().ok()?);
        let zero = Instant::now().checked_sub(since_zero)?;
        let zero = self.zero.map_or(zero, |known| known.min(zero));
        self.zero = Some(zero);
        Some(zero + since_zero)
    }
}

impl Look {
    fn at(at: Instant, coordinator: &Broker) -> Self {
        Self {
            at,
            sent: coordinator.tx,
            answered: coordinator.rx,
            heartbeats: coordinator.req.get(SIGN).copied().unwrap_or_default(),
        }
    }

    fn proven(&self, later: &Self) -> Option<Instant> {
        let all_answered = later.sent - self.sent == later.answered - self.answered;
        (later.heartbeats > self.heartbeats && all_answered).then_some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long before the looks that follow each other at once here.
    fn begun() -> Proof {
        Proof {
            zero: Instant::now().checked_sub(Duration::from_secs(60)),
            ..Proof::new()
        }
    }

    /// What the statistics say at a second: requests sent, answered and under way, heartbeats among them.
    fn look(proof: &mut Proof, second: u64, counts: [i64; 4]) -> Option<Duration> {
        let [sent, answered, under_way, heartbeats] = counts;
        let ts = second * 1_000_000;
        let json = format!(
            r#"{{
            "name": "consumer", "client_id": "one", "type": "consumer", "ts": {ts}, "time": 0, "age": 0,
            "replyq": 0, "msg_cnt": 0, "msg_size": 0, "msg_max": 0, "msg_size_max": 0, "tx": 0, "tx_bytes": 0,
            "rx": 0, "rx_bytes": 0, "txmsgs": 0, "txmsg_bytes": 0, "rxmsgs": 0, "rxmsg_bytes": 0,
            "simple_cnt": 0, "metadata_cache_cnt": 0, "topics": {{}},
            "cgrp": {{ "state": "up", "stateage": 0, "join_state": "steady", "rebalance_age": 0,
                "rebalance_cnt": 1, "rebalance_reason": "", "assignment_size": 1 }},
            "brokers": {{ "GroupCoordinator": {{
                "name": "GroupCoordinator", "nodeid": 1, "nodename": "", "source": "logical", "state": "UP",
                "stateage": 0, "outbuf_cnt": 0, "outbuf_msg_cnt": 0, "waitresp_cnt": {under_way},
                "waitresp_msg_cnt": 0, "tx": {sent}, "txbytes": 0, "txerrs": 0, "txretries": 0, "txidle": 0,
                "req_timeouts": 0, "rx": {answered}, "rxbytes": 0, "rxerrs": 0, "rxcorriderrs": 0,
                "rxpartial": 0, "rxidle": 0, "req": {{ "Heartbeat": {heartbeats} }}, "zbuf_grow": 0,
                "buf_grow": 0, "toppars": {{}} }} }} }}"#
        );
        let statistics = serde_json::from_str(&json).expect("it is what librdkafka says");
        let proven = proof.look(&statistics)?;
        let zero = proof.zero.expect("it has looked");
        Some(proven - zero)
    }

    #[test]
    fn a_heartbeat_proves_the_look_before_it_and_counts_from_the_look_after() {
        let mut proof = begun();
        assert_eq!(look(&mut proof, 1, [10, 10, 0, 4]), None);
        assert_eq!(look(&mut proof, 2, [11, 11, 0, 5]), None);
        assert_eq!(
            look(&mut proof, 3, [11, 11, 0, 5]),
            Some(Duration::from_secs(1))
        );
        assert_eq!(look(&mut proof, 4, [11, 11, 0, 5]), None);
    }

    #[test]
    fn what_is_under_way_or_lost_proves_nothing() {
        let mut proof = begun();
        look(&mut proof, 1, [10, 10, 0, 4]);
        // Sent, and not answered yet; then given up with the connection.
        look(&mut proof, 2, [11, 10, 1, 5]);
        look(&mut proof, 3, [11, 10, 0, 5]);
        assert_eq!(look(&mut proof, 4, [11, 10, 0, 5]), None);
        // Other requests speak for nobody.
        look(&mut proof, 5, [12, 11, 0, 5]);
        assert_eq!(look(&mut proof, 6, [12, 11, 0, 5]), None);
    }

    #[test]
    fn a_member_that_lost_everything_has_to_be_heard_of_anew() {
        let mut proof = begun();
        look(&mut proof, 1, [10, 10, 0, 4]);
        look(&mut proof, 2, [11, 11, 0, 5]);
        proof.forget();
        assert_eq!(look(&mut proof, 3, [11, 11, 0, 5]), None);
    }
}
