//! Trials that are decided at run time: those on Kafka are ignored where there is none.

use std::future::Future;

use libtest_mimic::Trial;
use tokio::runtime::Runtime;

use super::daemon::Backend;

/// An asynchronous test by its name.
pub(crate) fn trial<T, F>(name: &str, test: T) -> Trial
where
    T: FnOnce() -> F + Send + 'static,
    F: Future<Output = ()>,
{
    Trial::test(name, move || {
        Runtime::new().expect("a runtime").block_on(test());
        Ok(())
    })
}

/// The same test on both logs, `local::<name>` and `kafka::<name>`.
pub(crate) fn on_both<T, F>(brokers: Option<&str>, name: &str, test: T) -> [Trial; 2]
where
    T: Fn(Backend) -> F + Copy + Send + 'static,
    F: Future<Output = ()>,
{
    [
        trial(&format!("local::{name}"), move || test(Backend::Local)),
        on_kafka(brokers, name, test),
    ]
}

/// A test on Kafka, `kafka::<name>`.
pub(crate) fn on_kafka<T, F>(brokers: Option<&str>, name: &str, test: T) -> Trial
where
    T: FnOnce(Backend) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let backend = Backend::Kafka(brokers.unwrap_or_default().to_owned());
    trial(&format!("kafka::{name}"), move || test(backend)).with_ignored_flag(brokers.is_none())
}
