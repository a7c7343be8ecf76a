//! Trials that are decided at run time: those on Kafka are ignored where there is none.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::future::Future;

use libtest_mimic::Trial;
use tokio::runtime::Runtime;

use super::daemon::Backend;
use super::kafka;

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
pub(crate) fn on_both<T, F>(name: &str, test: T) -> [Trial; 2]
where
    T: Fn(Backend) -> F + Copy + Send + 'static,
    F: Future<Output = ()>,
{
    let local = trial(&format!("local::{name}"), move || test(Backend::Local));
    [local, on_kafka(name, test)]
}

/// A test on Kafka, `kafka::<name>`; the broker is started when the first of them runs.
pub(crate) fn on_kafka<T, F>(name: &str, test: T) -> Trial
where
    T: FnOnce(Backend) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let on_broker = async || {
        let brokers = tokio::task::spawn_blocking(kafka::brokers).await;
        let brokers = brokers
            .expect("the broker starts")
            .expect("it was not said to be missing");
        test(Backend::Kafka(brokers)).await;
    };
    trial(&format!("kafka::{name}"), on_broker).with_ignored_flag(kafka::missing().is_some())
}

/// Says in one line which trials are left out, and why.
pub(crate) fn explain(trials: &[Trial]) {
    if let Some(why) = kafka::missing() {
        let left_out = trials
            .iter()
            .filter(|trial| trial.has_ignored_flag())
            .count();
        eprintln!("left out: the {left_out} kafka:: cases, for {why}");
    }
}
