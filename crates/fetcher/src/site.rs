//! The registrable domain of a host: what feeds are partitioned by.

use url::{Host, Url};

/// The registrable domain of the address's host (`bbc.co.uk` for `https://feeds.bbc.co.uk/…`), by the
/// Public Suffix List; the host itself where it has none, as an IP address and `localhost` do; the whole
/// text where it is no address.
#[must_use]
pub fn site(url: &str) -> String {
    let Ok(parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    match parsed.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            psl::domain_str(name).unwrap_or(name).to_owned()
        }
        Some(address) => address.to_string(),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_publisher_share_a_site() {
        assert_eq!(site("https://feeds.bbci.co.uk/news/rss.xml"), "bbci.co.uk");
        assert_eq!(site("https://www.mil.gov.ua/rss"), "mil.gov.ua");
        assert_eq!(site("http://127.0.0.1:8080/a"), "127.0.0.1");
        assert_eq!(site("http://localhost/a"), "localhost");
    }
}
