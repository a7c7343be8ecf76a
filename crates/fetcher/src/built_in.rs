//! A feed of the process's own, which goes the way of all others and for which no request is made.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;
use wire::{FeedId, FeedSpec};

use crate::http::{Answer, Body, Validators};
use crate::poll::PollError;

/// A feed whose documents the process makes itself. It is known by its id and by being a sample, which no feed of
/// an operator's list can be: none of those can be read so, and nothing is opened for this one.
#[derive(Clone)]
pub struct BuiltIn {
    /// The feed.
    pub feed: FeedId,
    /// The document at a moment, as a publisher would serve it, and an entity tag that changes with it.
    pub document: Arc<dyn Fn(Timestamp) -> (Vec<u8>, String) + Send + Sync>,
}

impl BuiltIn {
    pub(crate) fn is(&self, spec: &FeedSpec) -> bool {
        spec.sample && spec.id == self.feed
    }

    /// What a publisher would answer.
    pub(crate) fn answer(
        &self,
        spec: &FeedSpec,
        validators: Validators<'_>,
        now: Timestamp,
    ) -> Result<Answer, PollError> {
        let url = Url::parse(&spec.url);
        let url = url.map_err(|error| PollError::Address(error.to_string()))?;
        let (bytes, etag) = (self.document)(now);
        let body = if validators.etag == Some(&etag) {
            Body::NotModified
        } else {
            Body::Document {
                bytes,
                content_type: None,
            }
        };
        Ok(Answer {
            etag: Some(etag),
            ..Answer::plain(url, body)
        })
    }
}

impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BuiltIn").field(&self.feed).finish()
    }
}
