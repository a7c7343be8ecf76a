//! A server that follows a script instead of a protocol: one address of 127.0.0.0/8 a behaviour.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::behaviours::{Behaviour, Step};

/// The running server; it stops when it is dropped.
pub(crate) struct HostileServer {
    port: u16,
    _serving: JoinSet<()>,
}

impl HostileServer {
    pub(crate) async fn start(behaviours: Arc<Vec<Behaviour>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        let behaviours = Arc::clone(&behaviours);
                        connections.spawn(async move {
                            if let Some(number) = number(&stream) {
                                // A client that goes away ends the script.
                                let _ = follow(stream, &behaviours[number].script).await;
                            }
                        });
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Self {
            port,
            _serving: serving,
        }
    }

    /// Where the behaviour of this number is met.
    pub(crate) fn url(&self, number: usize, scheme: &str) -> String {
        let [high, low] = u16::try_from(number).expect("they are few").to_be_bytes();
        let address = SocketAddr::from((Ipv4Addr::new(127, 1, high, low), self.port));
        format!("{scheme}://{address}/feed")
    }
}

fn number(stream: &TcpStream) -> Option<usize> {
    match stream.local_addr().ok()?.ip() {
        IpAddr::V4(address) => {
            let [.., high, low] = address.octets();
            Some(usize::from(u16::from_be_bytes([high, low])))
        }
        IpAddr::V6(_) => None,
    }
}

async fn follow(mut stream: TcpStream, script: &[Step]) -> std::io::Result<()> {
    if !matches!(script.first(), Some(Step::Deaf)) {
        let mut request = [0; 8192];
        // One read takes the whole of a request as small as ours.
        if stream.read(&mut request).await? == 0 {
            return Ok(());
        }
    }
    for step in script {
        match step {
            Step::Deaf => {}
            Step::Send(bytes) => stream.write_all(bytes).await?,
            Step::Times(bytes, times) => {
                for _ in 0..*times {
                    stream.write_all(bytes).await?;
                }
            }
            Step::Endless(bytes) => {
                let block = bytes.repeat((16 << 10) / bytes.len() + 1);
                loop {
                    stream.write_all(&block).await?;
                }
            }
            Step::Drip(bytes, every) => {
                let mut tick = tokio::time::interval(Duration::from_millis(*every));
                loop {
                    tick.tick().await;
                    stream.write_all(bytes).await?;
                }
            }
            Step::Hang => {
                // Until the client closes.
                let mut rest = [0; 1024];
                while stream.read(&mut rest).await? > 0 {}
            }
            Step::Reset => {
                stream.set_zero_linger()?;
                return Ok(());
            }
        }
    }
    stream.shutdown().await
}
