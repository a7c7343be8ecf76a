//! The stages of the pipeline: each joins a group of the log, and ends when it is told to stop and
//! what it began is committed, or when the log cannot go on.

pub(crate) mod account;
mod age;
pub(crate) mod fetch;
pub(crate) mod stories;
pub(crate) mod tag;
