//! When the group last heard of a member for certain, read off the statistics of its consumer.
//!
//! librdkafka keeps the answers to its heartbeats to itself, but counts what it sends to the group's
//! coordinator and what comes back. Between two looks at which nothing was under way, with a heartbeat
//! sent and everything answered, the coordinator has heard of the member *after the first look*: the
//! member's session lasts from there. A refusal is an answer too. It begins a rebalance, which the look after
//! shows at the latest, so a proof counts only from then on. While a rebalance is under way, librdkafka passes
//! over refusals without a word, and nothing is proven.

use std::time::{Duration, Instant};

use rdkafka::statistics::{Broker, ConsumerGroup, Statistics};

/// What keeps a member in its group.
const SIGN: &str = "Heartbeat";
/// The state of a member that is in no rebalance.
const STEADY: &str = "steady";

/// The looks at one consumer's statistics.
#[derive(Debug)]
pub(super) struct Proof {
    /// When librdkafka's clock was at zero, at the latest.
    zero: Option<Instant>,
    /// The last look at which nothing was under way.
    idle: Option<Look>,
    /// The group has heard of the member after this look, unless the next one shows a rebalance.
    candidate: Option<Look>,
}

/// The connection to the group's coordinator at one moment, between rebalances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    /// On librdkafka's clock.
    at: Duration,
    sent: u64,
    answered: u64,
    heartbeats: i64,
    rebalances: i64,
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
        let at = Duration::from_micros(statistics.ts.try_into().ok()?);
        let zero = self.zero(at)?;
        let brokers = &mut statistics.brokers.values();
        let coordinator = brokers.find(|broker| broker.name.starts_with("GroupCoordinator"));
        let group = statistics.cgrp.as_ref();
        // A coordinator that says it is none is not believed in anything.
        let group = group.filter(|group| group.state == "up" && group.join_state == STEADY);
        let (Some(coordinator), Some(group)) = (coordinator, group) else {
            (self.idle, self.candidate) = (None, None);
            return None;
        };
        let now = Look::at(at, coordinator, group);
        let same = |look: &Look| look.rebalances == now.rebalances;
        self.idle = self.idle.filter(same);
        let proven = self.candidate.take().filter(same);
        if coordinator.waitresp_cnt == 0 {
            let before = self.idle.replace(now);
            self.candidate = before.filter(|before| before.is_proven_by(&now));
        }
        proven.map(|look| zero + look.at)
    }

    /// When librdkafka's clock was at zero, which shows `at` in statistics that have just come. They may lie in a
    /// queue for a while, and for as long as the process is stopped; those that came quickest relate the clocks.
    fn zero(&mut self, at: Duration) -> Option<Instant> {
        let zero = Instant::now().checked_sub(at)?;
        let zero = self.zero.map_or(zero, |known| known.min(zero));
        self.zero = Some(zero);
        Some(zero)
    }
}

impl Look {
    fn at(at: Duration, coordinator: &Broker, group: &ConsumerGroup) -> Self {
        Self {
            at,
            sent: coordinator.tx,
            answered: coordinator.rx,
            heartbeats: coordinator.req.get(SIGN).copied().unwrap_or_default(),
            rebalances: group.rebalance_cnt,
        }
    }

    fn is_proven_by(&self, later: &Self) -> bool {
        let all_answered = later.sent - self.sent == later.answered - self.answered;
        later.heartbeats > self.heartbeats && all_answered
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

    /// What the statistics of a steady member say at a second: requests sent, answered and under way, heartbeats
    /// among them.
    fn look(proof: &mut Proof, second: u64, counts: [i64; 4]) -> Option<Duration> {
        look_in(proof, (STEADY, 1), second, counts)
    }

    /// The same in another state, after so many rebalances.
    fn look_in(
        proof: &mut Proof,
        (state, rebalances): (&str, i64),
        second: u64,
        counts: [i64; 4],
    ) -> Option<Duration> {
        let [sent, answered, under_way, heartbeats] = counts;
        let ts = second * 1_000_000;
        let json = format!(
            r#"{{
            "name": "consumer", "client_id": "one", "type": "consumer", "ts": {ts}, "time": 0, "age": 0,
            "replyq": 0, "msg_cnt": 0, "msg_size": 0, "msg_max": 0, "msg_size_max": 0, "tx": 0, "tx_bytes": 0,
            "rx": 0, "rx_bytes": 0, "txmsgs": 0, "txmsg_bytes": 0, "rxmsgs": 0, "rxmsg_bytes": 0,
            "simple_cnt": 0, "metadata_cache_cnt": 0, "topics": {{}},
            "cgrp": {{ "state": "up", "stateage": 0, "join_state": "{state}", "rebalance_age": 0,
                "rebalance_cnt": {rebalances}, "rebalance_reason": "", "assignment_size": 1 }},
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
    fn an_answer_that_begins_a_rebalance_proves_nothing() {
        let mut proof = begun();
        look(&mut proof, 1, [10, 10, 0, 4]);
        look(&mut proof, 2, [11, 11, 0, 5]);
        let rebalanced = (STEADY, 2);
        assert_eq!(
            look_in(&mut proof, rebalanced, 3, [12, 12, 0, 6]),
            None,
            "it was handed its partitions, or lost them, and may have been refused before"
        );
        assert_eq!(look_in(&mut proof, rebalanced, 4, [12, 12, 0, 6]), None);
        look_in(&mut proof, rebalanced, 5, [13, 13, 0, 7]);
        assert_eq!(
            look_in(&mut proof, rebalanced, 6, [13, 13, 0, 7]),
            Some(Duration::from_secs(4))
        );
    }

    #[test]
    fn heartbeats_within_a_rebalance_prove_nothing() {
        let mut proof = begun();
        look(&mut proof, 1, [10, 10, 0, 4]);
        for state in ["wait-assign-call", "wait-unassign-call", "wait-join"] {
            for second in 2..5_u32 {
                let sent = i64::from(second) + 9;
                let counts = [sent, sent, 0, sent - 6];
                let proven = look_in(&mut proof, (state, 1), second.into(), counts);
                assert_eq!(proven, None, "{state}");
            }
        }
        assert_eq!(look(&mut proof, 6, [20, 20, 0, 10]), None);
        assert_eq!(look(&mut proof, 7, [20, 20, 0, 10]), None);
    }
}
