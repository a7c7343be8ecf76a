//! Documents in the states that publishers send them in.

use fetcher::parse;
use proptest::prelude::*;
use wire::document::{Document, ParseStatus};
use wire::id::IdOrigin;
use wire::{FeedId, Item};

fn feed() -> FeedId {
    FeedId("test".to_owned())
}

fn read(text: &str) -> Document {
    parse::document(
        text.as_bytes(),
        None,
        Some("https://news.example/feed"),
        &feed(),
    )
}

fn titles(document: &Document) -> Vec<&str> {
    document
        .items
        .iter()
        .map(|item| item.title.as_deref().unwrap_or_default())
        .collect()
}

#[test]
fn references_that_xml_does_not_know_are_resolved_and_named() {
    let document = read(include_str!("fixtures/undeclared-html-entities.xml"));
    assert_eq!(document.status, ParseStatus::Repaired);
    assert_eq!(document.repairs, ["html-entities", "bare-ampersand"]);
    assert_eq!(document.feed.title.as_deref(), Some("Ministry » News"));
    let item = &document.items[0];
    assert_eq!(item.title.as_deref(), Some("Aid & arms: R&D café"));
    assert_eq!(item.link.as_deref(), Some("https://news.example/1?a=1&b=2"));
    assert_eq!(item.summary.as_deref(), Some("First line.\nSecond line."));
    assert_eq!(item.published.unwrap().to_string(), "2026-11-23T08:20:30Z");
}

#[test]
fn a_document_that_is_cut_off_keeps_its_whole_items_and_is_partial() {
    let document = read(include_str!("fixtures/cut-off-in-the-third-item.xml"));
    assert_eq!(titles(&document), ["One", "Two"]);
    assert_eq!(document.status, ParseStatus::Partial);
    assert!(document.repairs.contains(&"truncated".to_owned()));
}

#[test]
fn an_item_with_a_description_and_a_summary_keeps_both_in_their_order() {
    let texts = |fields: &str| {
        let item = read(&format!(
            "<rss version='2.0'><channel><item><guid>a</guid>{fields}</item></channel></rss>"
        ))
        .items
        .remove(0);
        (item.summary.unwrap_or_default(), item.content)
    };
    let (long, short) = (
        "<description>Long</description>",
        "<summary>Short</summary>",
    );
    let content = |text: &str| Some(text.to_owned());
    assert_eq!(
        texts(&(long.to_owned() + short)),
        ("Long".to_owned(), content("Short"))
    );
    assert_eq!(
        texts(&(short.to_owned() + long)),
        ("Short".to_owned(), content("Long"))
    );
    let same = short.replace("Short", "Long") + long;
    assert_eq!(texts(&same), ("Long".to_owned(), None));
}

#[test]
fn a_story_that_is_listed_twice_under_one_link_is_one_item_as_long_as_its_title_or_text_says_so() {
    let are_one = |items: [(&str, &str); 2]| {
        let items = items.map(|(title, text)| {
            let text = text.replace("Long", "<description>Long</description>");
            format!("<item><title>{title}</title><link>https://news.example/1</link>{text}</item>")
        });
        let document = read(&format!(
            "<rss version='2.0'><channel>{}</channel></rss>",
            items.concat()
        ));
        document.items[0].id == document.items[1].id
    };
    assert!(are_one([("A", "Long"), ("A", "")]));
    assert!(are_one([("A", "Long"), ("B", "Long")]));
    assert!(!are_one([("A", "Long"), ("B", "")]));
    assert!(!are_one([("A", ""), ("B", "")]));
}

#[test]
fn what_a_video_feed_says_of_the_media_is_the_summary_where_there_is_no_other() {
    let entry = |own: &str| {
        read(&format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'><entry><id>a</id>\
             <title>T</title>{own}<media:group><media:description>Of the video.</media:description></media:group>\
             </entry></feed>"
        ))
        .items
        .remove(0)
        .summary
    };
    assert_eq!(entry("").as_deref(), Some("Of the video."));
    let own = entry("<summary>Of the entry.</summary>");
    assert_eq!(own.as_deref(), Some("Of the entry."));
}

#[test]
fn a_guid_on_two_items_with_different_links_names_neither() {
    let document = read(include_str!("fixtures/duplicate-guid.xml"));
    let origins: Vec<IdOrigin> = document.items.iter().map(|item| item.id_origin).collect();
    assert_eq!(origins, [IdOrigin::Link, IdOrigin::Link, IdOrigin::Guid]);
    assert_ne!(document.items[0].id, document.items[1].id);
    assert_eq!(document.repairs, ["repeated-guid"]);
}

#[test]
fn hints_for_readers_are_surfaced() {
    let document = read(include_str!("fixtures/hints-for-readers.xml"));
    assert_eq!((document.status, document.quality), (ParseStatus::Ok, 1.0));
    let feed = document.feed;
    assert_eq!(
        (feed.ttl, feed.skip_hours, feed.skip_days),
        (Some(30), vec![0, 23], vec!["Sunday".to_owned()])
    );
    assert_eq!(
        (feed.sy_period.as_deref(), feed.sy_frequency),
        (Some("hourly"), Some(2))
    );
    assert_eq!(feed.link.as_deref(), Some("https://news.example/"));
    assert_eq!(feed.hub.as_deref(), Some("https://hub.example/"));
    assert_eq!(feed.self_link.as_deref(), Some("https://news.example/rss"));
    assert_eq!(feed.authors[0].name.as_deref(), Some("Olena Koval"));
}

#[test]
fn atom_of_before_the_standard_is_read() {
    let document = read(include_str!("fixtures/atom-0.3.xml"));
    assert_eq!(
        (document.status, document.format.as_str()),
        (ParseStatus::Ok, "Atom 0.3")
    );
    let item = &document.items[0];
    assert_eq!(item.link.as_deref(), Some("https://news.example/1"));
    assert_eq!(item.content.as_deref(), Some("Bold text"));
    assert_eq!(item.authors[0].name.as_deref(), Some("Olena Koval"));
    assert!(item.published.is_some() && item.id_origin == IdOrigin::Guid);
}

#[test]
fn mismatched_tags_cost_no_item() {
    let document = read(include_str!("fixtures/mismatched-tags.xml"));
    assert_eq!(titles(&document), ["One", "Two", "Three"]);
    assert_eq!(
        document.items[0].link.as_deref(),
        Some("https://news.example/1")
    );
    assert_eq!(document.items[1].summary.as_deref(), Some("a bold move"));
    assert_eq!(document.status, ParseStatus::Repaired);
    assert!(document.repairs.contains(&"junk-before-prolog".to_owned()));
}

#[test]
fn a_json_feed_is_read_field_by_field() {
    let document = read(include_str!("fixtures/json-feed.json"));
    assert_eq!(
        (document.status, document.format.as_str()),
        (ParseStatus::Ok, "JSON Feed 1.1")
    );
    let item = &document.items[0];
    assert_eq!(
        (item.guid.as_deref(), item.content.as_deref()),
        (Some("1"), Some("A\nB"))
    );
    assert_eq!(item.link.as_deref(), Some("https://news.example/1"));
    assert_eq!(item.enclosures[0].url, "https://news.example/a.mp3");
    assert_eq!(document.items[1].content.as_deref(), Some("C"));
}

#[test]
fn of_a_json_feeds_hubs_the_one_that_speaks_websub_is_named() {
    let feed = |hubs: &str| {
        let version = "https://jsonfeed.org/version/1.1";
        let text =
            format!(r#"{{"version": "{version}", "title": "T", "items": [], "hubs": {hubs}}}"#);
        read(&text).feed.hub
    };
    let cloud = r#"{"type": "rssCloud", "url": "https://cloud.example/"}"#;
    let hub = r#"{"type": "WebSub", "url": "https://hub.example/"}"#;
    let found = feed(&format!("[{cloud}, {hub}]"));
    assert_eq!(found.as_deref(), Some("https://hub.example/"));
    assert_eq!(feed(&format!("[{cloud}]")), None);
}

#[test]
fn items_beyond_the_limit_make_a_document_partial() {
    let many = format!(
        "<rss version='2.0'><channel>{}</channel></rss>",
        "<item/>".repeat(100_000)
    );
    let document = read(&many);
    assert_eq!(
        (document.items.len(), document.status),
        (2_000, ParseStatus::Partial)
    );
}

#[test]
fn what_modules_say_is_surfaced() {
    let document = read(include_str!("fixtures/every-module.xml"));
    assert_eq!(document.status, ParseStatus::Ok, "{:?}", document.repairs);
    let feed = &document.feed;
    assert_eq!(feed.title.as_deref(), Some("Вісті & новини"));
    assert_eq!(feed.self_link.as_deref(), Some("https://news.example/feed"));
    assert_eq!(feed.hub.as_deref(), Some("https://hub.example/"));
    let [first, second, third] = &document.items[..] else {
        panic!("{} items", document.items.len());
    };
    assert_eq!(first.title.as_deref(), Some("Перша новина & ще"));
    assert_eq!(
        first.content.as_deref(),
        Some("Перший абзац.\nДругий абзац.")
    );
    assert_eq!(first.authors[0].name.as_deref(), Some("Олена Коваль"));
    assert_eq!(first.categories, ["Україна", "НАТО", "Київ", "Львів"]);
    assert_eq!(first.published.unwrap().to_string(), "2026-11-23T08:20:30Z");
    let media: Vec<&str> = first
        .enclosures
        .iter()
        .map(|media| media.url.as_str())
        .collect();
    assert_eq!(
        media,
        ["https://news.example/1.mp3", "https://news.example/1.jpg"]
    );
    assert_eq!(first.enclosures[1].length, Some(99));
    assert_eq!(second.link.as_deref(), Some("https://other.example/a/2"));
    assert_eq!(second.authors[0].name.as_deref(), Some("Прес-служба"));
    assert_eq!(
        second.authors[0].email.as_deref(),
        Some("press@news.example")
    );
    assert_eq!(
        second.published.unwrap().to_string(),
        "2026-11-22T06:00:00Z"
    );
    assert_eq!(second.categories, ["Політика"]);
    assert_eq!(second.summary.as_deref(), Some("Про що це."));
    assert_eq!((&third.title, third.id_origin), (&None, IdOrigin::Content));
}

#[test]
fn characters_that_nobody_can_see_are_left_out_and_counted() {
    let document = read(
        "<rss version='2.0'><channel><item><title>Kyiv\u{202E}\u{7} is\u{AD}sues</title></item></channel></rss>",
    );
    assert_eq!(titles(&document), ["Kyiv issues"]);
    assert_eq!(document.dropped_characters, 3);
    assert_eq!(document.status, ParseStatus::Repaired);
    assert_eq!(
        document.repairs,
        ["control-characters", "directional-characters"]
    );
}

#[test]
fn a_date_that_cannot_be_is_kept_and_named() {
    let limits = parse::Limits {
        received: "2026-11-23T10:00:00Z".parse().ok(),
        ..parse::Limits::default()
    };
    let read = |date: &str| {
        let text = format!(
            "<rss version='2.0'><channel><item><pubDate>{date}</pubDate></item></channel></rss>"
        );
        parse::document_within(&limits, text.as_bytes(), None, None, &feed())
    };
    assert!(read("Mon, 23 Nov 2026 12:00:00 GMT").repairs.is_empty());
    for date in [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 23 Nov 2099 12:00:00 GMT",
    ] {
        let document = read(date);
        assert_eq!(document.repairs, ["implausible-date"], "{date}");
        assert!(document.items[0].published.is_some());
    }
}

#[test]
fn of_several_plain_links_the_last_one_counts_and_enclosures_are_none() {
    let document = read(
        "<rss version='2.0'><channel><item><link>/1</link><link>/2</link>\
         <link rel='enclosure'>/3.mp3</link></item></channel></rss>",
    );
    assert_eq!(
        document.items[0].link.as_deref(),
        Some("https://news.example/2")
    );
    assert_eq!(
        document.items[0].enclosures[0].url,
        "https://news.example/3.mp3"
    );
}

#[test]
fn a_page_that_is_no_feed_is_an_error() {
    for text in [
        "",
        "Sorry",
        "<html><body>Not here</body></html>",
        "{\"a\": 1}",
        "{",
    ] {
        let document = read(text);
        assert_eq!(
            (document.status, document.quality),
            (ParseStatus::Error, 0.0),
            "{text}"
        );
        assert!(!document.repairs.is_empty());
    }
}

#[test]
fn an_item_with_nothing_but_a_title_is_not_named_by_it_alone() {
    let item =
        |date: &str| format!("<item><title>Briefing</title><pubDate>{date}</pubDate></item>");
    let text = format!(
        "<rss version='2.0'><channel>{}{}</channel></rss>",
        item("2026-11-23"),
        item("2026-11-24")
    );
    let document = read(&text);
    assert_eq!(document.items[0].id_origin, IdOrigin::Content);
    assert_ne!(document.items[0].id, document.items[1].id);
}

/// Pieces of feeds, which random bytes would never hit upon.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = [
        "<rss version='2.0'>",
        "<channel>",
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "<link>",
        "</link>",
        "<guid>x",
        "</guid>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&",
        "<",
        ">",
        "'",
        "\"",
        "<feed xmlns='http://www.w3.org/2005/Atom'>",
        "<entry>",
        "<link href='",
        "<content type='xhtml'>",
        "<description>",
        "text",
        "Київ",
        "\u{202e}",
        "xml:base='http://[",
        "&#x0;",
        "<pubDate>2026-13-99",
        "<urlset>",
        "<url>",
        "<rdf:RDF>",
        "{\"items\":[",
        "}",
        "<!DOCTYPE a [",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60)
        .prop_map(|pieces| pieces.concat())
}

fn ids(document: &Document) -> Vec<&wire::ItemId> {
    document.items.iter().map(|item: &Item| &item.id).collect()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), mark in any::<bool>()) {
        let bytes = if mark { [b"\xff\xfe<\0".as_slice(), &bytes].concat() } else { bytes };
        let document = parse::document(&bytes, Some("text/xml; charset=utf-16"), None, &feed());
        prop_assert!(!document.repairs.contains(&"parser-panicked".to_owned()));
    }

    #[test]
    fn broken_feeds_never_panic_and_their_items_keep_their_ids(text in fragments()) {
        let (first, second) = (read(&text), read(&text));
        prop_assert!(!first.repairs.contains(&"parser-panicked".to_owned()), "{}", text);
        prop_assert_eq!(ids(&first), ids(&second));
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = [&[0xFF, 0xFE], wide.as_slice()].concat();
        let third = parse::document(&wide, None, Some("https://news.example/feed"), &feed());
        prop_assert_eq!(ids(&first), ids(&third));
    }
}
