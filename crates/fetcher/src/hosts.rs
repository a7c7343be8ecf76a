//! Turns: how often and how many at a time one host is asked, whichever feeds it serves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

/// The hosts that were asked so far.
#[derive(Debug)]
pub(crate) struct Hosts {
    known: Mutex<HashMap<String, Arc<Host>>>,
    all: Arc<Semaphore>,
    permits: usize,
    spacing: Duration,
}

#[derive(Debug)]
struct Host {
    permits: Arc<Semaphore>,
    /// When the next request may start.
    free: Mutex<Instant>,
}

/// The right to ask one host; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) host: String,
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Hosts {
    pub(crate) fn new(concurrency: usize, permits: usize, spacing: Duration) -> Self {
        Self {
            known: Mutex::default(),
            all: Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS))),
            permits: permits.min(Semaphore::MAX_PERMITS),
            spacing,
        }
    }

    /// Waits until the address's host may be asked. Cancelling the wait gives the place up.
    pub(crate) async fn turn(&self, host: String) -> Turn {
        let known = self.host(&host);
        let permit = Arc::clone(&known.permits).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let start = {
            let mut free = known.free.lock().unwrap_or_else(PoisonError::into_inner);
            let start = (*free).max(Instant::now());
            *free = start + self.spacing;
            start
        };
        tokio::time::sleep_until(start).await;
        // Last, so that a host that is waited for holds no place that another could use.
        let all = Arc::clone(&self.all).acquire_owned().await;
        Turn {
            host,
            _host: permit,
            _all: all.expect("the semaphore is never closed"),
        }
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let host = known.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Host {
                permits: Arc::new(Semaphore::new(self.permits)),
                free: Mutex::new(Instant::now()),
            })
        });
        Arc::clone(host)
    }
}

/// What turns are given by: the host, with its port where it is not the usual one.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
