//! The HTTP clients of the process: one for each way that a host may be reached.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy};
use url::Url;

use crate::credential::Credential;
use crate::guard::{Guard, Reach};
use crate::names::{Names, Resolver};
use crate::settings::{Settings, SettingsError};

/// How long an unused connection is kept. A new one is made under the guard's eyes, so a name that leads
/// elsewhere by now is noticed by then.
const IDLE: Duration = Duration::from_secs(30);

/// What HTTP/2 may send ahead of being read: for a body, for all of a connection, and as headers. What
/// waits there is in no budget, so it is small.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
const HEADER_LIST: u32 = 64 << 10;

/// The clients that need no client certificate, and what each credential is made of.
pub(crate) struct Clients {
    plain: Ways,
    credentials: HashMap<String, Held>,
}

/// A client for public hosts, by the proxy where there is one; and one for what the operator opened.
struct Ways {
    public: Client,
    opened: Client,
}

/// A credential, ready to be sent.
pub(crate) struct Held {
    pub(crate) headers: HeaderMap,
    /// Clients of its own, where it has a certificate.
    with_certificate: Option<Ways>,
}

impl Clients {
    pub(crate) fn new(settings: &Settings, guard: &Guard) -> Result<Self, SettingsError> {
        let names = Names::new(&settings.dns)?;
        let credentials = settings.credentials.iter().map(|(name, credential)| {
            let held = Held {
                headers: credential.headers(name)?,
                with_certificate: identity(name, credential)?
                    .map(|identity| ways(settings, guard, &names, Some(&identity)))
                    .transpose()?,
            };
            Ok((name.clone(), held))
        });
        Ok(Self {
            plain: ways(settings, guard, &names, None)?,
            credentials: credentials.collect::<Result<_, SettingsError>>()?,
        })
    }

    /// The credential that feeds call `name`.
    pub(crate) fn credential(&self, name: &str) -> Option<&Held> {
        self.credentials.get(name)
    }

    /// The client for an address that may be reached by this right, with this credential.
    pub(crate) fn client<'a>(&'a self, reach: Reach, held: Option<&'a Held>) -> &'a Client {
        let ways = held
            .and_then(|held| held.with_certificate.as_ref())
            .unwrap_or(&self.plain);
        match reach {
            Reach::Public => &ways.public,
            Reach::Opened => &ways.opened,
        }
    }
}

fn identity(name: &str, credential: &Credential) -> Result<Option<Identity>, SettingsError> {
    let identity = credential
        .certificate
        .as_ref()
        .map(|pem| Identity::from_pem(pem.0.as_bytes()));
    identity.transpose().map_err(|_| SettingsError::Credential {
        name: name.to_owned(),
        what: "has no PEM certificate followed by its key",
    })
}

fn ways(
    settings: &Settings,
    guard: &Guard,
    names: &Names,
    identity: Option<&Identity>,
) -> Result<Ways, SettingsError> {
    let resolver = |guard: Option<Guard>| Resolver {
        names: names.clone(),
        guard,
    };
    let proxy = proxy(settings)?;
    // Behind a proxy the one name that is resolved here is the proxy's, which the operator chose.
    let checked = proxy.is_none().then(|| guard.clone());
    let mut public = builder(settings, identity)?.dns_resolver(resolver(checked));
    if let Some(proxy) = proxy {
        public = public.proxy(proxy);
    }
    let opened = builder(settings, identity)?.dns_resolver(resolver(None));
    Ok(Ways {
        public: public.build().map_err(SettingsError::Client)?,
        opened: opened.build().map_err(SettingsError::Client)?,
    })
}

fn builder(
    settings: &Settings,
    identity: Option<&Identity>,
) -> Result<ClientBuilder, SettingsError> {
    let agent = HeaderValue::from_str(&settings.agent()).map_err(|_| SettingsError::UserAgent)?;
    let mut always = HeaderMap::new();
    if let Some(mailbox) = settings.mailbox() {
        let mailbox = HeaderValue::from_str(mailbox).map_err(|_| SettingsError::UserAgent)?;
        always.insert(header::FROM, mailbox);
    }
    let mut builder = Client::builder()
        .user_agent(agent)
        .default_headers(always)
        .connect_timeout(settings.connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        // A request that fails is a poll that fails; the schedule decides when to ask again.
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(IDLE)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(HEADER_LIST);
    if let Some(pem) = &settings.authorities {
        let authorities = Certificate::from_pem_bundle(pem.as_bytes())
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or(SettingsError::Authorities)?;
        builder = builder.tls_certs_merge(authorities);
    }
    if let Some(identity) = identity {
        builder = builder.identity(identity.clone());
    }
    Ok(builder)
}

fn proxy(settings: &Settings) -> Result<Option<Proxy>, SettingsError> {
    let Some(address) = &settings.proxy else {
        return Ok(None);
    };
    let url = Url::parse(address).map_err(|_| SettingsError::Proxy)?;
    // `socks5` would resolve names here, where nobody checks them.
    let known = matches!(url.scheme(), "http" | "https" | "socks5h");
    if !known || url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err(SettingsError::Proxy);
    }
    let mut proxy = Proxy::all(url).map_err(|_| SettingsError::Proxy)?;
    if let Some((user, password)) = &settings.proxy_login {
        proxy = proxy.basic_auth(user, &password.0);
    }
    Ok(Some(proxy))
}
