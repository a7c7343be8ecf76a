//! The log on an Apache Kafka cluster.
use crate::log::{Error, Event, From, OpenError, Start};
use crate::record::{Batch, Entry, Record};
use crate::settings::{KafkaSettings, TopicSpec};
#[derive(Clone)]
pub(crate) enum Log {}
pub(crate) enum Member {}
#[derive(Clone)]
pub(crate) enum Appender {}
pub(crate) enum Follower {}
impl Log {
    pub(crate) async fn open(_: &KafkaSettings, _: &[TopicSpec]) -> Result<Self, OpenError> {
        Err(OpenError("the Kafka log is not in this build".into()))
    }
    pub(crate) fn partitions(&self, _: &str) -> u32 {
        match *self {}
    }
    pub(crate) async fn append(&self, _: Vec<Record>) -> Result<(), Error> {
        match *self {}
    }
    pub(crate) async fn join(&self, _: &str, _: &str, _: Start) -> Result<Member, Error> {
        match *self {}
    }
    pub(crate) async fn latest(&self, _: &str, _: u32) -> Result<Vec<Entry>, Error> {
        match *self {}
    }
    pub(crate) async fn follow(&self, _: &[&str], _: From) -> Result<Follower, Error> {
        match *self {}
    }
    pub(crate) async fn ready(&self) -> bool {
        match *self {}
    }
    pub(crate) async fn close(self) {
        match self {}
    }
}
impl Member {
    pub(crate) async fn next(&mut self) -> Result<Event, Error> {
        match *self {}
    }
    pub(crate) fn appender(&self) -> Appender {
        match *self {}
    }
    pub(crate) async fn leave(self) {
        match self {}
    }
}
impl Appender {
    pub(crate) async fn commit(&self, _: Batch) -> Result<(), Error> {
        match *self {}
    }
}
impl Follower {
    pub(crate) async fn next(&mut self) -> Result<Entry, Error> {
        match *self {}
    }
}
