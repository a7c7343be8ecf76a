//! A sample feed as an RSS 2.0, Atom 1.0 or JSON Feed 1.1 document.

use serde_json::json;

use super::{Feed, Format, Shown};

/// The media type and the text of `feed` showing `items`.
pub(super) fn document(feed: &Feed, host: &str, items: &[Shown<'_>]) -> (&'static str, String) {
    match feed.format {
        Format::Rss => ("application/rss+xml; charset=utf-8", rss(feed, host, items)),
        Format::Atom => (
            "application/atom+xml; charset=utf-8",
            atom(feed, host, items),
        ),
        Format::Json => ("application/feed+json", json_feed(feed, host, items)),
    }
}

fn rss(feed: &Feed, host: &str, items: &[Shown<'_>]) -> String {
    let items: String = items
        .iter()
        .map(|item| {
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><link>http://{host}/{id}/{guid}</link>\
                 <pubDate>{date}</pubDate><title>{title}</title><description>{text}</description></item>\n",
                id = feed.id,
                guid = escape(&item.guid),
                date = item.published.strftime("%a, %d %b %Y %H:%M:%S GMT"),
                title = escape(item.title),
                text = escape(item.text),
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{title}</title>\
         <link>http://{host}/{id}</link><language>{language}</language>\
         <description>Invented items</description>\n{items}</channel></rss>\n",
        title = escape(&feed.title),
        id = feed.id,
        language = feed.language,
    )
}

fn atom(feed: &Feed, host: &str, items: &[Shown<'_>]) -> String {
    let entries: String = items
        .iter()
        .map(|item| {
            format!(
                "<entry><id>urn:sample:{id}:{guid}</id><link href=\"http://{host}/{id}/{guid}\"/>\
                 <published>{published}</published><updated>{updated}</updated>\
                 <title>{title}</title><content>{text}</content></entry>\n",
                id = feed.id,
                guid = escape(&item.guid),
                published = item.published,
                updated = item.updated,
                title = escape(item.title),
                text = escape(item.text),
            )
        })
        .collect();
    let updated = items
        .iter()
        .map(|item| item.updated)
        .max()
        .unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\"><id>urn:sample:{id}</id>\
         <title>{title}</title><updated>{updated}</updated>\n{entries}</feed>\n",
        language = feed.language,
        id = feed.id,
        title = escape(&feed.title),
    )
}

fn json_feed(feed: &Feed, host: &str, items: &[Shown<'_>]) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            json!({
                "id": item.guid,
                "url": format!("http://{host}/{}/{}", feed.id, item.guid),
                "title": item.title,
                "content_text": item.text,
                "date_published": item.published,
                "date_modified": item.updated,
            })
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "language": feed.language,
        "items": items,
    })
    .to_string()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
