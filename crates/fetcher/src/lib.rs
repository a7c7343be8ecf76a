//! From a feed's address to revisions of its items.
//!
//! [`parse`] is pure: bytes to a document. Everything that waits or talks to the network is behind
//! [`Fetcher`], which knows neither the log nor the classifier: it offers what it found and goes on once
//! somebody has written it down.

pub mod parse;

mod body;
mod budget;
mod built_in;
mod clients;
mod credential;
mod fetch;
mod follow;
mod guard;
mod hints;
mod hosts;
mod http;
mod inflate;
mod names;
mod poll;
mod relocate;
mod report;
mod rest;
mod revise;
mod schedule;
mod settings;
mod settle;
mod site;
mod status;
mod volatile;
mod websub;

pub use built_in::BuiltIn;
pub use credential::{Credential, Secret};
pub use fetch::{Fetcher, new_state};
pub use poll::{Offer, Outcome, Poll, PollError};
pub use settings::{Settings, SettingsError};
pub use site::site;
pub use status::{FeedStatus, HubStatus};
pub use websub::{Reply, WebSub};
