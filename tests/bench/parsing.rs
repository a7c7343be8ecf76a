//! Reading feed documents, beside bare feed-rs on the same ones.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fetcher::parse;
use wire::FeedId;

const ROUNDS: usize = 300;
const ITEMS: usize = 100;

/// Megabytes a second on clean feeds of one kind.
pub(crate) struct Rate {
    pub(crate) name: &'static str,
    pub(crate) ours: f64,
    pub(crate) feed_rs: f64,
}

/// Decoding, repair, reading and identity against feed-rs, which makes no plain text of HTML; on RSS with
/// CDATA, RSS with escaped HTML, Atom with XHTML, and on Cyrillic in windows-1251. The two take turns of one
/// document, and the best turn of each counts, so that what else the machine does weighs on neither.
pub(crate) fn rates() -> Vec<Rate> {
    let feed = FeedId("bench".to_owned());
    documents()
        .into_iter()
        .map(|(name, bytes)| {
            let (mut ours, mut feed_rs) = (Duration::MAX, Duration::MAX);
            for _ in 0..ROUNDS {
                ours = ours.min(time(|| {
                    let document = parse::document(&bytes, None, None, &feed);
                    assert_eq!(document.items.len(), ITEMS, "{:?}", document.repairs);
                    assert!(document.repairs.is_empty(), "{:?}", document.repairs);
                }));
                feed_rs = feed_rs.min(time(|| {
                    let document = feed_rs::parser::parse(&bytes[..]).expect("the feed is clean");
                    assert_eq!(document.entries.len(), ITEMS);
                }));
            }
            let rate = |time: Duration| bytes.len() as f64 / time.as_secs_f64() / 1e6;
            Rate {
                name,
                ours: rate(ours),
                feed_rs: rate(feed_rs),
            }
        })
        .collect()
}

fn time(parse: impl FnOnce()) -> Duration {
    let started = Instant::now();
    parse();
    started.elapsed()
}

fn documents() -> [(&'static str, Vec<u8>); 4] {
    let escaped = |html: &str| html.replace('&', "&amp;").replace('<', "&lt;");
    let cyrillic = rss("windows-1251", |html| format!("<![CDATA[{html}]]>"));
    let (cyrillic, _, unmappable) = encoding_rs::WINDOWS_1251.encode(&cyrillic);
    assert!(!unmappable);
    [
        (
            "rss_cdata",
            rss("utf-8", |html| format!("<![CDATA[{html}]]>")).into_bytes(),
        ),
        ("rss_escaped", rss("utf-8", escaped).into_bytes()),
        ("atom_xhtml", atom().into_bytes()),
        ("rss_windows_1251", cyrillic.into_owned()),
    ]
}

/// A body as news sites write it: paragraphs with links and emphasis, a picture, a reference now and then.
fn body(item: usize) -> String {
    const SENTENCES: [&str; 6] = [
        "Міністерство оборони повідомило про нову домовленість щодо постачання систем <b>протиповітряної оборони</b>.",
        "The agreement was <a href=\"https://news.example/background/agreement?ref=body\">announced on Monday</a> in Brussels.",
        "Речник Генерального штабу заявив, що наступ на південному напрямку зупинено.",
        "Officials said that talks would go on for <em>several weeks</em>, and that no date had been set.",
        "Незалежного підтвердження цієї інформації наразі немає.",
        "Reporters at the scene could not verify the claim independently, the agency said.",
    ];
    let mut html = format!(
        "<p><img src=\"https://news.example/pictures/{item}.jpg\" alt=\"\"/>Report number {item} of the day.</p>\n"
    );
    for paragraph in 0..8 {
        html.push_str("<p>");
        for sentence in 0..3 {
            html.push_str(SENTENCES[(item + paragraph * 3 + sentence) % SENTENCES.len()]);
            html.push(' ');
        }
        html.push_str("</p>\n");
    }
    html
}

fn rss(encoding: &str, wrapped: impl Fn(&str) -> String) -> String {
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n\
         <rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n\
         <channel>\n<title>News of the day</title>\n<link>https://news.example/</link>\n\
         <atom:link href=\"https://news.example/feed\" rel=\"self\" type=\"application/rss+xml\"/>\n\
         <description>All that happened</description>\n<language>uk</language>\n"
    );
    for item in 0..ITEMS {
        let _ = write!(
            feed,
            "<item>\n<title>{title}</title>\n<link>https://news.example/2026/11/{item}/</link>\n\
             <dc:creator>{author}</dc:creator>\n<pubDate>Mon, 23 Nov 2026 {hour:02}:{minute:02}:00 +0200</pubDate>\n\
             <category>{category}</category>\n<guid isPermaLink=\"false\">https://news.example/?p={item}</guid>\n\
             <description>{summary}</description>\n<content:encoded>{body}</content:encoded>\n</item>\n",
            title = wrapped(&format!("Report {item}: домовленість про ППО досягнуто")),
            author = wrapped("Олена Коваль"),
            hour = item % 24,
            minute = item % 60,
            category = wrapped("Україна"),
            summary = wrapped("<p>The agreement was announced on Monday in Brussels.</p>"),
            body = wrapped(&body(item)),
        );
    }
    feed.push_str("</channel>\n</rss>\n");
    feed
}

fn atom() -> String {
    let mut feed = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"uk\">\n<title>News of the day</title>\n\
         <id>https://news.example/</id>\n<link href=\"https://news.example/\"/>\n\
         <link rel=\"self\" href=\"https://news.example/atom\"/>\n<updated>2026-11-23T10:20:30Z</updated>\n"
        .to_owned();
    for item in 0..ITEMS {
        let _ = write!(
            feed,
            "<entry>\n<title type=\"html\">Report {item}: &lt;b&gt;домовленість&lt;/b&gt; про ППО</title>\n\
             <link href=\"https://news.example/2026/11/{item}/\"/>\n<id>https://news.example/?p={item}</id>\n\
             <author><name>Олена Коваль</name></author>\n<updated>2026-11-23T10:20:{second:02}+02:00</updated>\n\
             <content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{body}</div></content>\n</entry>\n",
            second = item % 60,
            body = body(item),
        );
    }
    feed.push_str("</feed>\n");
    feed
}
