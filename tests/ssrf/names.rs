//! A DNS server on loopback whose answers change with every question (RFC 1035).

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// The running server; it stops when it is dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    /// How many of its answers led inwards.
    pub(crate) inwards: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

/// Where names lead, in turn: outwards first, so that whoever checks once and looks up again is caught;
/// inwards; and both at once, in either order.
fn answers(nth: usize, public: Ipv4Addr, inner: Ipv4Addr) -> Vec<Ipv4Addr> {
    match nth % 4 {
        0 => vec![public],
        1 => vec![inner],
        2 => vec![public, inner],
        _ => vec![inner, public],
    }
}

impl NameServer {
    pub(crate) async fn start(public: Ipv4Addr, inner: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        let inwards = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&inwards);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut asked: HashMap<Vec<u8>, usize> = HashMap::new();
            let mut packet = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut packet).await {
                let Some((question, kind)) = question(&packet[..length]) else {
                    continue;
                };
                let mut found = Vec::new();
                if kind == 1 {
                    let nth = asked.entry(question.to_ascii_lowercase()).or_default();
                    found = answers(*nth, public, inner);
                    *nth += 1;
                }
                count.fetch_add(usize::from(found.contains(&inner)), Ordering::SeqCst);
                let reply = reply(&packet[..2], question, &found);
                // A client that is gone asks again or not.
                let _ = socket.send_to(&reply, client).await;
            }
        });
        Self {
            address,
            inwards,
            _serving: serving,
        }
    }
}

/// The question's bytes, and the type that it asks for.
fn question(packet: &[u8]) -> Option<(&[u8], u16)> {
    let mut at = 12;
    while *packet.get(at)? > 0 {
        at += usize::from(packet[at]) + 1;
    }
    let end = at + 5;
    let kind = u16::from_be_bytes([*packet.get(at + 1)?, *packet.get(at + 2)?]);
    Some((packet.get(12..end)?, kind))
}

/// An answer that may not be kept: its time to live is nothing.
fn reply(id: &[u8], question: &[u8], found: &[Ipv4Addr]) -> Vec<u8> {
    let count = u8::try_from(found.len()).expect("there are two at most");
    let mut reply = id.to_vec();
    reply.extend_from_slice(&[0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend_from_slice(question);
    for address in found {
        reply.extend_from_slice(&[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        reply.extend_from_slice(&address.octets());
    }
    reply
}
