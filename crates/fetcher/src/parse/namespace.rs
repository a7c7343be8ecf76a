//! Which vocabulary an element belongs to, told generously: publishers vary the scheme, the case and
//! the last slash of a namespace, and some forget to declare one.

/// A vocabulary that feeds are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Namespace {
    /// RSS in any version, sitemaps, and elements without a namespace.
    Rss,
    Atom,
    Rdf,
    DublinCore,
    Content,
    Media,
    Itunes,
    Syndication,
    Xhtml,
    News,
    Feedburner,
    Other,
}

/// The vocabulary that a namespace name stands for.
pub(super) fn of_name(name: &str) -> Namespace {
    let name = name.trim().to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    if has("purl.org/atom") || has("w3.org/2005/atom") {
        Namespace::Atom
    } else if has("rss/1.0/modules/content") {
        Namespace::Content
    } else if has("rss/1.0/modules/syndication") {
        Namespace::Syndication
    } else if has("rss/1.0/modules") {
        Namespace::Other
    } else if has("purl.org/dc/") {
        Namespace::DublinCore
    } else if has("search.yahoo.com/mrss") {
        Namespace::Media
    } else if has("itunes.com/dtds") {
        Namespace::Itunes
    } else if has("22-rdf-syntax") {
        Namespace::Rdf
    } else if has("1999/xhtml") {
        Namespace::Xhtml
    } else if has("schemas/sitemap-news") {
        Namespace::News
    } else if has("rssnamespace.org/feedburner") {
        Namespace::Feedburner
    } else if name.is_empty()
        || [
            "netscape.com/rdf",
            "userland.com/rss",
            "harvard.edu",
            "purl.org/rss/",
            "purl.org/net/rss",
            "schemas/sitemap",
        ]
        .iter()
        .any(|part| has(part))
    {
        Namespace::Rss
    } else {
        Namespace::Other
    }
}

/// What an undeclared prefix is used for by convention.
pub(super) fn of_undeclared(prefix: &str) -> Namespace {
    match prefix.to_ascii_lowercase().as_str() {
        "atom" | "a10" => Namespace::Atom,
        "rdf" => Namespace::Rdf,
        "dc" | "dcterms" => Namespace::DublinCore,
        "content" => Namespace::Content,
        "media" => Namespace::Media,
        "itunes" => Namespace::Itunes,
        "sy" => Namespace::Syndication,
        "xhtml" => Namespace::Xhtml,
        "news" => Namespace::News,
        "feedburner" => Namespace::Feedburner,
        "rss" => Namespace::Rss,
        _ => Namespace::Other,
    }
}
