//! Turns: how often and how many at a time one host is asked, whichever feeds it serves.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

/// Hosts that are remembered before those that are not needed any more are looked for.
const FEW: usize = 1_024;

/// The hosts that were asked so far.
#[derive(Debug)]
pub(crate) struct Hosts {
    known: Mutex<Known>,
    all: Arc<Semaphore>,
    permits: usize,
    spacing: Duration,
}

#[derive(Debug)]
struct Known {
    hosts: HashMap<String, Arc<Host>>,
    /// With how many of them the idle ones are let go of.
    sweep: usize,
}

#[derive(Debug)]
struct Host {
    permits: Arc<Semaphore>,
    /// When the next request may start.
    free: Mutex<Instant>,
}

/// Becomes ready when a request may be sent as far as others are concerned, and is ready at once when it may be
/// now: others may have been given the feeds meanwhile.
pub(crate) type Certain = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Turns at the hosts, given only while it is certain that nobody else asks them.
#[derive(Clone)]
pub(crate) struct Turns {
    hosts: Arc<Hosts>,
    certain: Option<Certain>,
}

/// The right to send one request to one host; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Turns {
    pub(crate) fn new(hosts: Hosts) -> Self {
        Self {
            hosts: Arc::new(hosts),
            certain: None,
        }
    }

    /// The same turns, given only while `certain` is ready.
    pub(crate) fn while_certain(&self, certain: Certain) -> Self {
        Self {
            hosts: Arc::clone(&self.hosts),
            certain: Some(certain),
        }
    }

    /// Waits until `host` may be asked, for a request that is sent at once. Cancelling the wait gives the place up.
    pub(crate) async fn turn(&self, host: String) -> Turn {
        let Some(certain) = &self.certain else {
            return self.hosts.turn(host).await;
        };
        loop {
            certain().await;
            let turn = self.hosts.turn(host.clone()).await;
            // Waiting took its time, and the process may have been stopped in it.
            if certain().now_or_never().is_some() {
                return turn;
            }
        }
    }
}

impl Hosts {
    pub(crate) fn new(concurrency: usize, permits: usize, spacing: Duration) -> Self {
        Self {
            known: Mutex::new(Known {
                hosts: HashMap::new(),
                sweep: FEW,
            }),
            all: Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS))),
            permits: permits.min(Semaphore::MAX_PERMITS),
            spacing,
        }
    }

    /// Waits until `host` may be asked. Cancelling the wait gives the place up.
    async fn turn(&self, host: String) -> Turn {
        let known = self.host(host);
        let permit = Arc::clone(&known.permits).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        loop {
            let free = *known.free.lock().unwrap_or_else(PoisonError::into_inner);
            tokio::time::sleep_until(free).await;
            // After the sleep, so that a host that is waited for holds no place that another could use.
            let all = Arc::clone(&self.all).acquire_owned().await;
            let all = all.expect("the semaphore is never closed");
            let mut free = known.free.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            // Another permit's holder may have taken the moment meanwhile.
            if *free <= now {
                *free = now + self.spacing;
                return Turn {
                    _host: permit,
                    _all: all,
                };
            }
        }
    }

    fn host(&self, name: String) -> Arc<Host> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.hosts.len() >= known.sweep {
            // Redirects can name hosts without end; one that nobody waits for and that may be asked
            // is like one that was never asked.
            let now = Instant::now();
            known.hosts.retain(|_, host| !host.is_idle(now));
            known.sweep = FEW.max(2 * known.hosts.len());
        }
        let host = known.hosts.entry(name).or_insert_with(|| {
            Arc::new(Host {
                permits: Arc::new(Semaphore::new(self.permits)),
                free: Mutex::new(Instant::now()),
            })
        });
        Arc::clone(host)
    }
}

impl Host {
    /// Called with the map locked, so that nobody can begin to use the host meanwhile.
    fn is_idle(self: &Arc<Self>, now: Instant) -> bool {
        let free = *self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // A turn holds the semaphore's own count, a waiting task the host's.
        Arc::strong_count(self) == 1 && Arc::strong_count(&self.permits) == 1 && free <= now
    }
}

/// What turns are given by: the host, with its port where it is not the usual one.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn requests_to_one_host_start_a_spacing_apart_whatever_they_wait_for() {
        let hosts = Hosts::new(1, 3, SPACING);
        let began = Instant::now();
        let starts = futures::future::join_all((0..6).map(async |number: u64| {
            let turn = hosts.turn("a.example".to_owned()).await;
            let start = began.elapsed();
            // Each request takes longer than the one before, and only one may be under way at all.
            tokio::time::sleep(Duration::from_secs(number)).await;
            drop(turn);
            start
        }));
        let mut starts = starts.await;
        starts.sort_unstable();
        assert!(
            starts.windows(2).all(|pair| pair[1] - pair[0] >= SPACING),
            "{starts:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_given_only_while_it_is_certain_that_it_may_be() {
        // Certain for the first second, and again from the tenth on.
        let began = Instant::now();
        let certain: Certain = Arc::new(move || {
            Box::pin(async move {
                if began.elapsed() >= Duration::from_secs(1) {
                    tokio::time::sleep_until(began + Duration::from_secs(10)).await;
                }
            })
        });
        let turns = Turns::new(Hosts::new(64, 1, SPACING)).while_certain(certain);
        let turn = async || {
            drop(turns.turn("a.example".to_owned()).await);
            began.elapsed()
        };
        assert_eq!(turn().await, Duration::ZERO);
        // It was certain when the wait for the spacing began, and not when it ended.
        assert_eq!(turn().await, Duration::from_secs(10));
        assert_eq!(turn().await, Duration::from_secs(10) + SPACING);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_than_permits_are_under_way_at_a_host() {
        let hosts = Hosts::new(64, 2, Duration::ZERO);
        let under_way = Mutex::new((0, 0));
        futures::future::join_all((0..20).map(async |_| {
            let _turn = hosts.turn("a.example".to_owned()).await;
            {
                let mut count = under_way.lock().expect("no test panics here");
                count.0 += 1;
                count.1 = count.1.max(count.0);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            under_way.lock().expect("no test panics here").0 -= 1;
        }))
        .await;
        assert_eq!(*under_way.lock().expect("no test panics here"), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_is_waited_for_keeps_nobody_else_waiting() {
        let hosts = Hosts::new(1, 1, SPACING);
        drop(hosts.turn("a.example".to_owned()).await);
        let waiting = hosts.turn("a.example".to_owned());
        let other = async {
            let began = Instant::now();
            drop(hosts.turn("b.example".to_owned()).await);
            began.elapsed()
        };
        let (_, other) = tokio::join!(waiting, other);
        assert_eq!(other, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_are_not_needed_any_more_are_forgotten() {
        let hosts = Hosts::new(64, 1, SPACING);
        let held = hosts.turn("held.example".to_owned()).await;
        for number in 0..10 * FEW {
            drop(hosts.turn(format!("{number}.example")).await);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        let known = hosts.known.lock().expect("no test panics here");
        assert!(known.hosts.len() <= 2 * FEW, "{}", known.hosts.len());
        assert!(known.hosts.contains_key("held.example"));
        drop(held);
    }
}
