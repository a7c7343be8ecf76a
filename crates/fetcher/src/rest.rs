//! A feed's state while nothing happens, which is nearly always: of ten thousand feeds a few are asked.

use wire::FeedState;
use wire::feed::Seen;

/// Of zstd: what it takes is mostly words of news, and more effort saves little more.
const LEVEL: i32 = 1;

/// A state whose items are packed away.
pub(crate) struct Resting {
    /// All that asking needs; no items are in it.
    pub(crate) state: FeedState,
    seen: Box<[u8]>,
}

impl Resting {
    pub(crate) fn new(mut state: FeedState) -> Self {
        let seen = std::mem::take(&mut state.seen);
        Self {
            seen: packed(&seen),
            state,
        }
    }

    /// The state with its items.
    pub(crate) fn whole(&self) -> FeedState {
        FeedState {
            seen: self.seen(),
            ..self.state.clone()
        }
    }

    /// The items.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        unpacked(&self.seen)
    }

    /// Goes on from `state`, which says nothing new of the items.
    pub(crate) fn learn(&mut self, state: FeedState) {
        self.state = FeedState {
            seen: Vec::new(),
            ..state
        };
    }
}

fn packed(seen: &[Seen]) -> Box<[u8]> {
    let json = serde_json::to_vec(seen).expect("items are JSON");
    let packed = zstd::encode_all(json.as_slice(), LEVEL).expect("memory takes what is packed");
    packed.into_boxed_slice()
}

fn unpacked(bytes: &[u8]) -> Vec<Seen> {
    let json = zstd::decode_all(bytes).expect("it was packed here");
    serde_json::from_slice(&json).expect("it was packed here")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use wire::FeedSpec;

    use super::*;

    #[test]
    fn a_state_that_has_rested_is_what_it_was() {
        let spec: FeedSpec = serde_json::from_value(serde_json::json!({
            "id": "gazette", "url": "https://gazette.example/rss", "publisher": "Gazette",
            "language": "en", "country": "BE", "kind": "newspaper",
        }))
        .expect("a feed");
        let mut state = crate::new_state(&spec, Timestamp::UNIX_EPOCH);
        state.etag = Some("\"1\"".to_owned());
        state.seen = (0..40)
            .map(|number| Seen {
                text: Some("The minister said that it was so. ".repeat(20)),
                ..serde_json::from_value(serde_json::json!({
                    "item": format!("i-{number}"), "revision": 1, "digest": "d", "title": "Said so",
                    "present": true,
                }))
                .expect("an item")
            })
            .collect();
        let resting = Resting::new(state.clone());
        assert!(resting.state.seen.is_empty());
        assert_eq!(resting.state.etag, state.etag);
        assert_eq!(resting.whole(), state);
    }
}
