//! Clauses as `claimwire tag --json --all` prints them.

use serde::Deserialize;

use crate::events::Event;

#[derive(Deserialize)]
pub(crate) struct Tagged {
    pub(crate) clauses: Vec<Clause>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Clause {
    /// First code point.
    pub(crate) start: u32,
    /// One past the last.
    pub(crate) end: u32,
    head: Span,
    pub(crate) value: Option<f32>,
}

#[derive(Clone, Debug, Deserialize)]
struct Span {
    start: u32,
    end: u32,
}

impl Clause {
    pub(crate) fn is_headed_by(&self, event: &Event) -> bool {
        self.head.start < event.end && event.start < self.head.end
    }
}
