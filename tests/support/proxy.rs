//! A proxy that understands Kafka's frames: a length, then for a request its API key, version and
//! correlation id, and for an answer the correlation id (KIP-482's headers begin the same way). It does
//! harm to the requests or answers of one API, as many of them as it is told to.
//!
//! Corruption is such as the protocol can notice, for nothing can notice the rest: within records it
//! hits what their CRC covers, elsewhere the frame's own header.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The APIs that faults are aimed at, by their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Produce = 0,
    Fetch = 1,
    Metadata = 3,
    OffsetFetch = 9,
    FindCoordinator = 10,
    JoinGroup = 11,
    Heartbeat = 12,
    SyncGroup = 14,
    InitProducerId = 22,
    AddPartitionsToTxn = 24,
    AddOffsetsToTxn = 25,
    EndTxn = 26,
    TxnOffsetCommit = 28,
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Answer,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It vanishes; the connection goes on.
    Drop,
    /// It arrives late, and what is behind it as well.
    Delay(Duration),
    /// The connection ends in its place.
    Cut,
    /// It and everything after it vanishes, both ways, while the connection stays open for this long.
    Blackhole(Duration),
    /// It arrives garbled.
    Corrupt,
    /// `EndTxn` only: it is done, and the answer is this error.
    Deny(i16),
}

/// Harm to the next frames of one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) api: Api,
    pub(crate) side: Side,
    pub(crate) way: Way,
    pub(crate) times: u32,
}

/// The running proxy; it stops when it is dropped.
pub(crate) struct Proxy {
    ports: Vec<u16>,
    plan: Arc<Plan>,
    _serving: JoinSet<()>,
}

/// What harm is done through.
#[derive(Clone)]
pub(crate) struct Handle(Arc<Plan>);

#[derive(Default)]
struct Plan {
    armed: Mutex<Vec<Fault>>,
    fired: Notify,
    cut: Notify,
}

/// What the two directions of a connection share.
struct Connection {
    plan: Arc<Plan>,
    /// The API of each request under way, by correlation id.
    asked: Mutex<HashMap<i32, i16>>,
    /// Until when nothing goes through.
    dark: Mutex<Option<Instant>>,
}

impl Proxy {
    /// Listens on the first of each pair of ports and forwards to the second.
    pub(crate) async fn start(routes: Vec<(u16, u16)>) -> Self {
        let plan = Arc::<Plan>::default();
        let mut serving = JoinSet::new();
        let ports = routes.iter().map(|(port, _)| *port).collect();
        for (port, upstream) in routes {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .await
                .expect("the port was free a moment ago");
            serving.spawn(accept(listener, upstream, Arc::clone(&plan)));
        }
        Self {
            ports,
            plan,
            _serving: serving,
        }
    }

    pub(crate) fn ports(&self) -> Vec<u16> {
        self.ports.clone()
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.plan))
    }
}

impl Handle {
    /// Does the harm to the next frames that it is for; true once it has met one, false when none came
    /// within `limit`, and then it is taken back.
    pub(crate) async fn harm(&self, fault: Fault, limit: Duration) -> bool {
        let fired = self.0.fired.notified();
        tokio::pin!(fired);
        fired.as_mut().enable();
        self.0.armed().push(fault);
        let met = timeout(limit, async {
            while self.0.armed().contains(&fault) {
                fired.as_mut().await;
                fired.set(self.0.fired.notified());
            }
        });
        let met = met.await.is_ok();
        self.0.armed().retain(|armed| {
            (armed.api, armed.side, armed.way) != (fault.api, fault.side, fault.way)
        });
        met
    }

    /// Ends every connection.
    pub(crate) fn cut_all(&self) {
        self.0.cut.notify_waiters();
    }
}

impl Plan {
    fn armed(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to become of a frame of this API, where anything is.
    fn take(&self, api: i16, side: Side) -> Option<Way> {
        let mut armed = self.armed();
        let place = armed
            .iter()
            .position(|fault| fault.api as i16 == api && fault.side == side)?;
        let way = armed[place].way;
        armed[place].times -= 1;
        if armed[place].times == 0 {
            armed.remove(place);
        }
        drop(armed);
        self.fired.notify_waiters();
        Some(way)
    }
}

async fn accept(listener: TcpListener, upstream: u16, plan: Arc<Plan>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(connect(client, upstream, Arc::clone(&plan)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One client's connection, until either side or a fault ends it.
async fn connect(client: TcpStream, upstream: u16, plan: Arc<Plan>) {
    let Ok(broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await else {
        return;
    };
    client.set_nodelay(true).ok();
    broker.set_nodelay(true).ok();
    let (client_reads, client_writes) = client.into_split();
    let (broker_reads, broker_writes) = broker.into_split();
    let connection = Connection {
        plan: Arc::clone(&plan),
        asked: Mutex::default(),
        dark: Mutex::default(),
    };
    tokio::select! {
        _ = connection.forward(Side::Request, client_reads, broker_writes) => {}
        _ = connection.forward(Side::Answer, broker_reads, client_writes) => {}
        () = plan.cut.notified() => {}
    }
}

impl Connection {
    async fn forward(
        &self,
        side: Side,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
    ) -> io::Result<()> {
        loop {
            let length = from.read_u32().await?;
            let mut frame = vec![0; length as usize];
            from.read_exact(&mut frame).await?;
            if let Some(until) = self.darkness() {
                // A real network would hold the sender up as well; the frame is lost either way.
                if Instant::now() < until {
                    continue;
                }
                return Ok(());
            }
            let way = self
                .api(side, &frame)
                .and_then(|api| self.plan.take(api, side));
            match way {
                None => {}
                Some(Way::Drop) => continue,
                Some(Way::Delay(span)) => sleep(span).await,
                Some(Way::Cut) => return Ok(()),
                Some(Way::Blackhole(span)) => {
                    *self.dark.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(Instant::now() + span);
                    continue;
                }
                Some(Way::Corrupt) => corrupt(side, &mut frame),
                Some(Way::Deny(code)) => deny(&mut frame, code),
            }
            to.write_u32(frame.len() as u32).await?;
            to.write_all(&frame).await?;
        }
    }

    fn darkness(&self) -> Option<Instant> {
        *self.dark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The API that a frame belongs to.
    fn api(&self, side: Side, frame: &[u8]) -> Option<i16> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match side {
            Side::Request => {
                let api = i16::from_be_bytes(*frame.first_chunk()?);
                let id = i32::from_be_bytes(*frame.get(4..)?.first_chunk()?);
                asked.insert(id, api);
                Some(api)
            }
            Side::Answer => asked.remove(&i32::from_be_bytes(*frame.first_chunk()?)),
        }
    }
}

/// Garbles records where the frame holds any, else what its header says it is.
fn corrupt(side: Side, frame: &mut [u8]) {
    if let Some(inside) = records(frame) {
        frame[inside] ^= 0x55;
    } else if side == Side::Request {
        // No API has this key: the broker ends the connection.
        frame[0] = 0x7f;
    } else {
        // An answer to nothing that was asked.
        frame[0] ^= 0x55;
    }
}

/// An offset within the first record batch (KIP-98's layout) that its CRC covers.
fn records(frame: &[u8]) -> Option<usize> {
    const HEADER: usize = 61;
    (0..frame.len().saturating_sub(HEADER)).find_map(|start| {
        let batch = &frame[start..];
        let length = u32::from_be_bytes(*batch[8..].first_chunk()?) as usize;
        let is_batch = batch[..4] == [0; 4]
            && batch[16] == 2
            && (HEADER - 12..batch.len() - 11).contains(&length)
            && batch[21] == 0
            && batch[22] < 0x40;
        is_batch.then_some(start + 12 + length - 1)
    })
}

/// The answer of `EndTxn` versions 0 to 2 that says `code`: correlation id, throttle time, error.
fn deny(frame: &mut [u8], code: i16) {
    if let Some(error) = frame.get_mut(8..10) {
        error.copy_from_slice(&code.to_be_bytes());
    }
}
