//! From a feed's address to revisions of its items.
//!
//! [`parse`] is pure: bytes to a document. Everything that waits or talks to the network is in
//! [`Fetcher`], which knows neither the log nor the classifier.

pub mod parse;
