//! Five instances on three brokers, and what is done to them.

use std::sync::{Mutex as Shared, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::deck::Harm;
use crate::support::cluster::{Cluster, NODES};
use crate::support::daemon::{Backend, Daemon, Options, Setup};
use crate::support::feed_server::{FeedServer, Rude};
use crate::support::loopback::Visit;

/// Between two requests to one host.
pub(crate) const SPACING: Duration = Duration::from_millis(600);
/// Of a server's clock against a client's, on a machine that is busy.
pub(crate) const SLACK: Duration = Duration::from_millis(300);
/// How long a fault of frames waits for a frame to harm.
const AMBUSH: Duration = Duration::from_secs(20);
/// A member that is not heard of for this long has left.
const SESSION: Duration = Duration::from_secs(6);
/// How long a request that an instance was about to send may take to come out once it goes on.
const RESUMING: Duration = Duration::from_millis(100);
/// What each instance does.
const ROLES: [(&str, &str); 5] = [
    ("one", "all"),
    ("two", "all"),
    ("three", "all"),
    ("fetcher", "fetch"),
    ("tagger", "tag"),
];

/// The instances and the cluster.
pub(crate) struct Fleet {
    members: Vec<Member>,
    cluster: Mutex<Cluster>,
    /// Reads the topics beside the proxy.
    checker: Setup,
    proxy: crate::support::proxy::Handle,
    /// When instances were stopped, and went on.
    frozen: Shared<Vec<Frozen>>,
}

/// A time in which an instance did nothing.
struct Frozen {
    instance: String,
    from: Instant,
    until: Instant,
}

struct Member {
    setup: Setup,
    role: &'static str,
    /// Locked for as long as something is being done to it.
    daemon: Mutex<Option<Daemon>>,
}

impl Fleet {
    pub(crate) async fn start(cluster: Cluster, server: &FeedServer) -> Self {
        let urls = server.urls();
        let options = Options {
            feeds: &urls,
            interval: "3s",
            sample: false,
            partitions: 12,
        };
        let first = Setup::new(Backend::Kafka(cluster.proxied()), &options);
        let mut members = Vec::new();
        for (name, role) in ROLES {
            let setup = first.another(name, &options);
            setup.write(&config(&setup, &options));
            let daemon = setup.launch_as(role);
            members.push(Member {
                setup,
                role,
                daemon: Mutex::new(Some(daemon)),
            });
        }
        for member in &members {
            if let Some(daemon) = member.daemon.lock().await.as_mut() {
                daemon.ready().await;
            }
        }
        let mut checker = first;
        checker.backend = Backend::Kafka(cluster.direct());
        Self {
            members,
            proxy: cluster.proxy.handle(),
            cluster: Mutex::new(cluster),
            checker,
            frozen: Shared::default(),
        }
    }

    pub(crate) fn checker(&self) -> &Setup {
        &self.checker
    }

    /// Does the harm; returns once it is done, false when there was nothing to do it to.
    pub(crate) async fn suffer(&self, harm: Harm, random: &mut StdRng) -> bool {
        match harm {
            Harm::Frames(fault) => self.proxy.harm(fault, AMBUSH).await,
            Harm::CutAll => {
                self.proxy.cut_all();
                true
            }
            Harm::Kill => self.kill(random, Duration::ZERO).await,
            Harm::KillForLong => self.kill(random, 2 * SESSION).await,
            Harm::Freeze => self.freeze(random).await,
            Harm::KillBroker => self.kill_broker(random).await,
            Harm::Leave => self.leave(random).await,
            Harm::Join => self.join().await,
        }
    }

    async fn kill(&self, random: &mut StdRng, away: Duration) -> bool {
        let member = &self.members[random.random_range(0..self.members.len())];
        let Ok(mut slot) = member.daemon.try_lock() else {
            return false;
        };
        let Some(mut daemon) = slot.take() else {
            return false;
        };
        daemon.is_up().await;
        daemon.kill().await;
        sleep(away).await;
        *slot = Some(member.setup.launch_as(member.role));
        true
    }

    async fn freeze(&self, random: &mut StdRng) -> bool {
        let member = &self.members[random.random_range(0..self.members.len())];
        let Ok(mut slot) = member.daemon.try_lock() else {
            return false;
        };
        let Some(daemon) = slot.as_mut() else {
            return false;
        };
        daemon.is_up().await;
        let from = Instant::now();
        daemon.signal("STOP").await;
        sleep(SESSION + SESSION / 2).await;
        daemon.signal("CONT").await;
        self.frozen().push(Frozen {
            instance: member.setup.instance.clone(),
            from,
            until: Instant::now(),
        });
        true
    }

    /// Whether `rude` is one that nobody can help: a request was on its way when its instance was stopped, and
    /// the publisher has it, or gets the rest of it, while somebody else asks.
    pub(crate) fn was_under_way(&self, rude: &Rude) -> bool {
        self.frozen().iter().any(|frozen| {
            let by = |visit: &Visit| visit.agent.contains(&format!("+{})", frozen.instance));
            let open = rude.before.ended.is_none_or(|ended| ended >= frozen.from);
            let cut_short = by(&rude.before) && rude.before.began <= frozen.until && open;
            let resumed = rude.visit.began.checked_duration_since(frozen.until);
            cut_short || by(&rude.visit) && resumed.is_some_and(|since| since < RESUMING)
        })
    }

    /// How often an instance was stopped.
    pub(crate) fn freezes(&self) -> usize {
        self.frozen().len()
    }

    fn frozen(&self) -> MutexGuard<'_, Vec<Frozen>> {
        self.frozen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn kill_broker(&self, random: &mut StdRng) -> bool {
        // One at a time: two of three must be there for anything to be written.
        let Ok(mut cluster) = self.cluster.try_lock() else {
            return false;
        };
        let node = random.random_range(0..NODES);
        let away = Duration::from_secs(random.random_range(1..8));
        tokio::task::block_in_place(|| cluster.kill(node));
        sleep(away).await;
        tokio::task::block_in_place(|| {
            cluster.restart(node);
            cluster.serves(node);
        });
        // Until it is in sync again, the next must not go.
        sleep(Duration::from_secs(5)).await;
        true
    }

    async fn leave(&self, random: &mut StdRng) -> bool {
        let away = self.away().await;
        let member = &self.members[random.random_range(1..self.members.len())];
        let Ok(mut slot) = member.daemon.try_lock() else {
            return false;
        };
        // Somebody has to be there.
        if away >= 2 || slot.is_none() {
            return false;
        }
        if let Some(mut daemon) = slot.take() {
            daemon.is_up().await;
            daemon.stop("TERM", Duration::from_secs(20)).await;
        }
        true
    }

    async fn join(&self) -> bool {
        for member in &self.members {
            if let Ok(mut slot) = member.daemon.try_lock()
                && slot.is_none()
            {
                *slot = Some(member.setup.launch_as(member.role));
                return true;
            }
        }
        false
    }

    async fn away(&self) -> usize {
        let slots = self.members.iter();
        slots
            .filter(|member| member.daemon.try_lock().is_ok_and(|slot| slot.is_none()))
            .count()
    }

    /// Starts whoever is away and waits until all are ready.
    pub(crate) async fn heal(&self) {
        for member in &self.members {
            let mut slot = member.daemon.lock().await;
            slot.get_or_insert_with(|| member.setup.launch_as(member.role))
                .ready()
                .await;
        }
    }

    /// Lets `look` at one of the instances.
    pub(crate) async fn with_one(&self, look: impl AsyncFnOnce(&Daemon)) {
        let slot = self.members[0].daemon.lock().await;
        look(slot.as_ref().expect("the fleet is healed")).await;
    }

    /// Ends all in an orderly way.
    pub(crate) async fn stop(&self) {
        for member in &self.members {
            if let Some(daemon) = member.daemon.lock().await.take() {
                daemon.stop("TERM", Duration::from_secs(20)).await;
            }
        }
    }
}

fn config(setup: &Setup, options: &Options<'_>) -> String {
    let config = setup.config(options);
    let spacing = format!("host_spacing = \"{}ms\"", SPACING.as_millis());
    let contact = format!("[fetch]\ncontact = {:?}", setup.instance);
    let membership = format!("\"group.instance.id\" = {:?}", setup.instance);
    let timeouts = format!(
        "\"session.timeout.ms\" = \"{}\"\n\"heartbeat.interval.ms\" = \"1000\"",
        SESSION.as_millis()
    );
    config
        .replace("host_spacing = \"0s\"", &spacing)
        .replace("[fetch]", &contact)
        .replace(&membership, &timeouts)
}
