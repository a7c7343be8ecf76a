//! Names to addresses, with what may not be reached left out.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::guard::{Blocked, Guard};
use crate::settings::SettingsError;

/// Where names are looked up. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Names {
    /// By the operating system.
    System,
    /// By these servers alone.
    Servers(Arc<TokioResolver>),
}

impl Names {
    /// The system's resolver where `servers` is empty.
    pub(crate) fn new(servers: &[SocketAddr]) -> Result<Self, SettingsError> {
        if servers.is_empty() {
            return Ok(Self::System);
        }
        let servers = servers.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut way| {
                way.port = server.port();
                way
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        let mut resolver =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        // These servers and nothing else decide where a name leads.
        resolver.options_mut().use_hosts_file = ResolveHosts::Never;
        let resolver = resolver
            .build()
            .map_err(|error| SettingsError::Dns(error.into()))?;
        Ok(Self::Servers(Arc::new(resolver)))
    }

    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            Self::Servers(resolver) => {
                // A final dot keeps search domains out.
                let name = format!("{}.", name.trim_end_matches('.'));
                let found = resolver.lookup_ip(name).await.map_err(io::Error::other)?;
                Ok(found.iter().collect())
            }
        }
    }
}

/// The resolver of one HTTP client. A connection goes to one of the addresses that it returns and to no
/// other, so what was checked is what is connected to.
#[derive(Clone)]
pub(crate) struct Resolver {
    pub(crate) names: Names,
    /// Without a guard every address is returned: for hosts that the operator named, and for a proxy.
    pub(crate) guard: Option<Guard>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let mut found = resolver.names.lookup(name.as_str()).await?;
            if let Some(guard) = &resolver.guard {
                found.retain(|address| guard.permits(*address));
                if found.is_empty() {
                    return Err(Blocked(name.as_str().to_owned()).into());
                }
            }
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(allow: &[&str]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let allow: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
        let resolver = Resolver {
            names: Names::System,
            guard: Some(Guard::new(&allow).expect("the entries are right")),
        };
        let name = "localhost".parse().expect("a name");
        resolver.resolve(name).await.map(|_| ())
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused_at_connect() {
        let refused = resolved(&[]).await.expect_err("it is loopback");
        assert!(refused.is::<Blocked>());
        assert!(resolved(&["127.0.0.0/8", "::1"]).await.is_ok());
    }

    #[tokio::test]
    async fn an_address_that_is_opened_on_one_port_opens_no_name() {
        assert!(resolved(&["127.0.0.1:80", "[::1]:80"]).await.is_err());
    }
}
