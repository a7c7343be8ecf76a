//! Accounts: what goes into a stage must come out of it under some name.

use fetcher::{Outcome, Poll};

use super::tag::Read;

/// What a stage took in, and under which names it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    stage: &'static str,
    taken: u64,
    given: Vec<(&'static str, u64)>,
}

impl Account {
    /// `raw = tagged + irrelevant + dead`.
    pub(crate) fn of(read: &Read) -> Self {
        Self {
            stage: "tag",
            taken: read.records as u64,
            given: vec![
                ("tagged", read.items.len() as u64),
                ("irrelevant", read.irrelevant.len() as u64),
                ("dead", read.dead.len() as u64),
            ],
        }
    }

    /// `seen = new + revised + duplicate + filtered + dead`, and that each item which is new, revised or
    /// withdrawn is one revision. Nothing for a poll that opened no document: nobody looked what it holds.
    pub(crate) fn of_poll(poll: &Poll) -> Vec<Self> {
        let count = |number: usize| number as u64;
        if poll.dead.is_some() {
            // Nobody knows how many items a document holds that cannot be read: it is one thing seen.
            let unread = Self {
                stage: "fetch",
                taken: 1,
                given: vec![("dead", 1)],
            };
            return vec![unread];
        }
        let Outcome::Document {
            items,
            new,
            revised,
            skipped,
            unchanged,
            filtered,
            withdrawn,
            ..
        } = poll.outcome
        else {
            return Vec::new();
        };
        let seen = Self {
            stage: "fetch",
            taken: count(items),
            given: vec![
                ("new", count(new)),
                ("revised", count(revised)),
                ("duplicate", count(unchanged)),
                ("filtered", count(filtered + skipped)),
            ],
        };
        let told = Self {
            stage: "revise",
            taken: count(new + revised + withdrawn),
            given: vec![("raw", count(poll.revisions.len()))],
        };
        vec![seen, told]
    }

    /// Counts it once what it is about is committed. That it does not add up is a mistake of this program,
    /// and is said aloud.
    pub(crate) fn close(&self) {
        let stage = self.stage;
        metrics::counter!("claimwire_account_taken_total", "stage" => stage).increment(self.taken);
        for (outcome, count) in &self.given {
            metrics::counter!("claimwire_account_given_total", "stage" => stage, "outcome" => *outcome)
                .increment(*count);
        }
        let missing = self.missing();
        metrics::counter!("claimwire_account_mismatch_total", "stage" => stage)
            .increment(missing.unsigned_abs());
        if missing != 0 {
            tracing::error!(
                stage,
                taken = self.taken,
                given = ?self.given,
                "the accounts of the {stage} stage do not add up: {missing} are missing",
            );
        }
    }

    /// What was taken and not given; negative where more came out.
    fn missing(&self) -> i64 {
        let given: u64 = self.given.iter().map(|(_, count)| count).sum();
        self.taken.cast_signed() - given.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_adds_up_or_says_by_how_much_it_does_not() {
        let account = |taken, given| Account {
            stage: "tag",
            taken,
            given: vec![("tagged", given), ("dead", 1)],
        };
        assert_eq!(account(3, 2).missing(), 0);
        assert_eq!(account(3, 1).missing(), 1);
        assert_eq!(account(3, 4).missing(), -2);
    }
}
