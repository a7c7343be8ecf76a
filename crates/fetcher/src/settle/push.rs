//! What a hub's word makes of a feed's state.

use std::time::Duration;

use wire::FeedState;
use wire::document::ParseStatus;

use super::{Settler, outcome, plain};
use crate::poll::{Outcome, Poll, PollError};
use crate::revise::{self, Extent};
use crate::schedule;
use crate::status::redacted;
use crate::websub::lease;

impl Settler<'_> {
    /// The poll that a pushed document makes of `state`. It may hold the news alone (WebSub §7), so what it
    /// does not hold is still there; validators and hints stay those of the last poll.
    pub(crate) fn pushed(
        &self,
        mut state: FeedState,
        bytes: &[u8],
        content_type: Option<&str>,
    ) -> Poll {
        let topic = state.websub.as_ref().map(|it| it.topic.as_str());
        let document = self.parsed(bytes, content_type, topic);
        if document.status == ParseStatus::Error {
            let reason = document.repairs.last().cloned().unwrap_or_default();
            // What it should have brought is polled for as if there were no hub.
            self.rely_no_more(&mut state);
            return Poll {
                dead: Some(self.dead_letter(bytes, content_type, &reason)),
                ..plain(Outcome::Failed(PollError::Unparsable(reason)), state)
            };
        }
        let mut found = revise::compare(
            self.spec,
            &document,
            &state.seen,
            Extent::News,
            self.settings,
            self.now,
        );
        state.seen = std::mem::take(&mut found.seen);
        state.rhythm = schedule::rhythm(&state.rhythm, &document.items, found.new, self.now);
        if let Some(subscription) = &mut state.websub {
            subscription.delivers = true;
        }
        let outcome = outcome(document, &found);
        Poll {
            revisions: found.revisions,
            ..plain(outcome, state)
        }
    }

    /// The poll that a lease makes of `state`.
    pub(crate) fn granted(&self, mut state: FeedState, lease: Option<Duration>) -> Poll {
        if let (Some(own), Some(subscription)) = (&self.settings.websub, &mut state.websub) {
            lease::granted(subscription, lease, own, self.now);
            let (feed, hub) = (&self.spec.id, redacted(&subscription.hub));
            tracing::debug!(feed.id = %feed, hub.url = hub, "the hub {hub} pushes feed {feed}");
        }
        Poll {
            learned: true,
            ..plain(Outcome::Subscription { granted: true }, state)
        }
    }

    /// The poll that a denial makes of `state`.
    pub(crate) fn denied(&self, mut state: FeedState, reason: &str) -> Poll {
        self.rely_no_more(&mut state);
        if let Some(subscription) = &mut state.websub {
            lease::denied(subscription, self.now);
            let (feed, hub) = (&self.spec.id, redacted(&subscription.hub));
            tracing::warn!(
                feed.id = %feed, hub.url = hub, reason,
                "the hub {hub} does not push feed {feed}, which is polled instead"
            );
        }
        Poll {
            learned: true,
            ..plain(Outcome::Subscription { granted: false }, state)
        }
    }

    /// Polls the feed at its own pace again.
    pub(super) fn rely_no_more(&self, state: &mut FeedState) {
        if let Some(subscription) = &mut state.websub
            && std::mem::take(&mut subscription.delivers)
        {
            let due = schedule::after_success(self.settings, self.spec, state, None, self.now);
            state.next_poll = state.next_poll.min(due);
        }
    }
}

#[cfg(test)]
mod tests;
