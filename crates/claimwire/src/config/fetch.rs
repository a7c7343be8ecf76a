//! `[fetch]` and `[websub]` as the fetcher has it.

use std::collections::BTreeMap;

use fetcher::WebSub;
use url::Url;

use super::section::{FetchSection, WebsubSection};

/// The fetcher's own settings, with what the section names in their place.
pub(crate) fn settings(
    section: &FetchSection,
    credentials: &BTreeMap<String, fetcher::Credential>,
) -> fetcher::Settings {
    let wide = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let section = section.clone();
    let own = fetcher::Settings::default();
    let proxy_login = section
        .proxy_credential
        .as_ref()
        .and_then(|name| credentials.get(name)?.login.clone());
    fetcher::Settings {
        user_agent: section.user_agent.unwrap_or(own.user_agent),
        contact: section.contact.unwrap_or(own.contact),
        connect_timeout: section
            .connect_timeout
            .map_or(own.connect_timeout, |span| span.0),
        total_timeout: section
            .total_timeout
            .map_or(own.total_timeout, |span| span.0),
        max_body: section.max_body.map_or(own.max_body, |size| size.0),
        max_wire: section.max_wire.map_or(own.max_wire, |size| size.0),
        max_ratio: section.max_ratio.map_or(own.max_ratio, u64::from),
        min_rate: section.min_rate.map_or(own.min_rate, |size| size.0),
        max_in_flight: section
            .max_in_flight
            .map_or(own.max_in_flight, |size| size.0),
        max_redirects: section.max_redirects.unwrap_or(own.max_redirects),
        max_items: section.max_items.map_or(own.max_items, wide),
        min_interval: section.min_interval.map_or(own.min_interval, |span| span.0),
        max_interval: section.max_interval.map_or(own.max_interval, |span| span.0),
        default_interval: section
            .default_interval
            .map_or(own.default_interval, |span| span.0),
        host_spacing: section.host_spacing.map_or(own.host_spacing, |span| span.0),
        host_permits: section.host_permits.map_or(own.host_permits, wide),
        start_spread: section.start_spread.map_or(own.start_spread, |span| span.0),
        max_text: section.max_text.map_or(own.max_text, |size| {
            usize::try_from(size.0).unwrap_or(usize::MAX)
        }),
        allow: section.allow.unwrap_or(own.allow),
        dns: section.dns.map_or(own.dns, |servers| {
            servers.iter().map(|server| server.0).collect()
        }),
        proxy: section.proxy.or(own.proxy),
        proxy_login,
        authorities: own.authorities,
        websub: own.websub,
        credentials: credentials.clone(),
        built_in: None,
        concurrency: section.concurrency.map_or(own.concurrency, wide),
    }
}

/// How hubs push, if there is an address to push to.
pub(crate) fn websub(section: &WebsubSection) -> Option<WebSub> {
    let callback = Url::parse(section.callback.as_deref()?).ok()?;
    let can_be_called = matches!(callback.scheme(), "http" | "https");
    can_be_called.then_some(WebSub {
        callback,
        lease: section.lease.0,
        poll: section.poll.0,
    })
}
