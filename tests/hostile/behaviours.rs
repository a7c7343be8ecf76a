//! What hostile and broken servers do, one line a behaviour: its name, its script, and what the feed's
//! outcome must say.

use std::io::Write as _;

/// One server's manner.
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) script: Vec<Step>,
    /// What `/v1/feeds` says of it; one of the alternatives between `|`.
    pub(crate) outcome: &'static str,
}

/// One thing that a server does. The request is read first, except by a deaf one; after the last step the
/// connection is closed.
pub(crate) enum Step {
    Deaf,
    Send(Vec<u8>),
    Times(Vec<u8>, usize),
    /// Until the client goes away, as fast as it takes them.
    Endless(Vec<u8>),
    /// Until the client goes away, these bytes every so many milliseconds.
    Drip(Vec<u8>, u64),
    Hang,
    Reset,
}

use Step::{Deaf, Drip, Endless, Hang, Reset, Send, Times};

/// How the feed of a behaviour may end; see [`Behaviour::outcome`].
const CONNECT: &str = "connection failed";
pub(crate) const SLOW: &str = "slower than allowed|no whole answer in time";
const LARGE: &str = "larger than allowed";
const NOWHERE: &str = "lead nowhere";
const NO_FEED: &str = "cannot be parsed";
const CODING: &str = "cannot be decoded";
const BAD_ADDRESS: &str = "cannot be fetched";
const READ: &str = "items:|unchanged";
/// Whatever the parser makes of it, it makes something.
const EITHER: &str = "items:|unchanged|cannot be parsed";

/// A tenth of what the name says where the daemon is not optimised: it, and not the server, is on trial.
const MILLION: usize = if cfg!(debug_assertions) {
    100_000
} else {
    1_000_000
};
const MEGABYTES: usize = if cfg!(debug_assertions) {
    700 << 10
} else {
    7 << 20
};

const FEED: &str = "<rss version='2.0'><channel><title>T</title><item><guid>a</guid><title>A</title></item></channel></rss>";

/// A line and headers as they are, then the body, without a length: the close ends it.
fn raw(head: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
    let mut bytes = head.replace('\n', "\r\n").into_bytes();
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.as_ref());
    vec![Send(bytes)]
}

/// A 200 with these headers.
fn ok(headers: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
    raw(
        &format!("HTTP/1.1 200 OK\nConnection: close\n{headers}"),
        body,
    )
}

/// A 200 whose body the steps are.
fn then(headers: &str, steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut script = ok(headers, "");
    script.extend(steps);
    script
}

fn status(code: &str, headers: &str) -> Vec<Step> {
    raw(
        &format!("HTTP/1.1 {code}\nContent-Length: 0\nConnection: close\n{headers}"),
        "",
    )
}

fn redirect(location: &str) -> Vec<Step> {
    status("302 Found", &format!("Location: {location}\n"))
}

/// A feed with `inside` in its channel.
fn feed(inside: impl AsRef<[u8]>) -> Vec<Step> {
    let mut body = b"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>".to_vec();
    body.extend_from_slice(inside.as_ref());
    body.extend_from_slice(b"</channel></rss>");
    ok("Content-Type: application/rss+xml\n", body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).expect("a vector takes everything");
    gzip.finish().expect("a vector takes everything")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(bytes).expect("a vector takes everything");
    zlib.finish().expect("a vector takes everything")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    let quick = brotli::enc::BrotliEncoderParams {
        quality: 5,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut coded, &quick).expect("a vector takes everything");
    coded
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("a vector takes everything")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A bomb's content: more than any feed is allowed.
fn blank() -> Vec<u8> {
    vec![b' '; 24 << 20]
}

macro_rules! behaviours {
    ($($name:literal, $outcome:expr => $script:expr;)*) => {
        vec![$(Behaviour { name: $name, outcome: $outcome, script: $script }),*]
    };
}

/// All of them.
pub(crate) fn all() -> Vec<Behaviour> {
    let mut all = connections();
    all.extend(heads());
    all.extend(redirects());
    all.extend(statuses());
    all.extend(bodies());
    all.extend(codings());
    all.extend(charsets());
    all.extend(documents());
    all
}

fn connections() -> Vec<Behaviour> {
    behaviours! {
        "accepts and resets", CONNECT => vec![Deaf, Reset];
        "accepts and closes", CONNECT => vec![Deaf];
        "accepts and says nothing", SLOW => vec![Deaf, Hang];
        "reads and says nothing", SLOW => vec![Hang];
        "reads and closes", CONNECT => vec![];
        "reads and resets", CONNECT => vec![Reset];
        "resets in the status line", CONNECT => vec![Send(b"HTTP/1.".to_vec()), Reset];
        "resets in the headers", CONNECT => vec![Send(b"HTTP/1.1 200 OK\r\nA: b\r\nC".to_vec()), Reset];
        "resets before a promised body", CONNECT => then("Content-Length: 99\n", [Reset]);
        "resets within a body", CONNECT => then("Content-Length: 999\n", [Send(FEED.into()), Reset]);
        "resets within a chunk", CONNECT => then("Transfer-Encoding: chunked\n", [Send(b"ff\r\n<rss".to_vec()), Reset]);
        "closes in the status line", CONNECT => vec![Send(b"HTTP/1.1 20".to_vec())];
        "closes in the headers", CONNECT => vec![Send(b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec())];
        "status line that drips", SLOW => vec![Send(b"HTTP/1.1 200 ".to_vec()), Drip(b"O".to_vec(), 100)];
        "one header a while, for ever", SLOW => vec![Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Drip(b"A: b\r\n".to_vec(), 100)];
        "header value that drips", SLOW => vec![Send(b"HTTP/1.1 200 OK\r\nA: ".to_vec()), Drip(b"b".to_vec(), 50)];
        "body that drips a byte", SLOW => then("", [Drip(b" ".to_vec(), 50)]);
        "body that stalls after its start", SLOW => then("", [Send(FEED.into()), Hang]);
        "promised body that never comes", SLOW => then("Content-Length: 500\n", [Hang]);
        "chunks of a byte that drip", SLOW => then("Transfer-Encoding: chunked\n", [Drip(b"1\r\n \r\n".to_vec(), 50)]);
        "chunk size that drips", SLOW => then("Transfer-Encoding: chunked\n", [Drip(b"0".to_vec(), 50)]);
        "gzip that drips", SLOW => then("Content-Encoding: gzip\n", [Send(gzip(FEED.as_bytes())[..20].to_vec()), Drip(b"\0".to_vec(), 50)]);
        "interim answers that drip", SLOW => vec![Drip(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), 50)];
    }
}

fn heads() -> Vec<Behaviour> {
    behaviours! {
        "HTTP/0.9", CONNECT => vec![Send(FEED.into())];
        "random bytes", CONNECT => vec![Send((0..=255).cycle().take(4096).collect())];
        "endless random bytes", CONNECT => vec![Endless((0..=255).collect())];
        "a TLS alert in plain text", CONNECT => vec![Send(vec![0x15, 3, 1, 0, 2, 2, 70])];
        "an SSH greeting", CONNECT => vec![Send(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Hang];
        "an HTTP/2 preface", CONNECT => vec![Send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec())];
        "HTTP/9.9", CONNECT => raw("HTTP/9.9 200 OK\n", FEED);
        "status line without a status", CONNECT => raw("HTTP/1.1\n", FEED);
        "status in letters", CONNECT => raw("HTTP/1.1 abc OK\n", FEED);
        "status of four digits", CONNECT => raw("HTTP/1.1 2000 OK\n", FEED);
        "negative status", CONNECT => raw("HTTP/1.1 -20 OK\n", FEED);
        "endless status line", CONNECT => vec![Send(b"HTTP/1.1 200 ".to_vec()), Endless(b"O".to_vec())];
        "endless headers", CONNECT => vec![Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Endless(b"A: b\r\n".to_vec())];
        "endless header name", CONNECT => vec![Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Endless(b"a".to_vec())];
        "endless header value", CONNECT => vec![Send(b"HTTP/1.1 200 OK\r\nA: ".to_vec()), Endless(b"b".to_vec())];
        "flood of interim answers", SLOW => vec![Endless(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())];
        "a thousand interim answers", READ => { let mut steps = vec![Times(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), 1_000)]; steps.extend(feed("<item><guid>a</guid></item>")); steps };
        "101 to a protocol nobody asked for", "answered 101|connection failed" => raw("HTTP/1.1 101 Switching\nUpgrade: x\nConnection: upgrade\n", "xxxx");
        "hundred thousand bytes of headers", LARGE => ok(&format!("X: {}\n", "x".repeat(100_000)), FEED);
        "flood of Set-Cookie", "larger than allowed|connection failed" => ok(&"Set-Cookie: a=b\n".repeat(5_000), FEED);
        "header with a NUL", CONNECT => ok("X: a\0b\n", FEED);
        "header without a colon", CONNECT => ok("nonsense\n", FEED);
        "header with an empty name", CONNECT => ok(": x\n", FEED);
        "space before the colon", CONNECT => ok("Content-Type : text/xml\n", FEED);
        "folded header", CONNECT => ok("X: a\n b\n", FEED);
        "bare line feeds", READ => vec![Send(format!("HTTP/1.1 200 OK\nConnection: close\n\n{FEED}").into())];
        "huge ETag", READ => ok(&format!("ETag: \"{}\"\n", "e".repeat(50_000)), FEED);
        "ETag of bytes past ASCII", READ => vec![Send([b"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"\xff\xfe\x80\"\r\n\r\n", FEED.as_bytes()].concat())];
        "ETag that is no ETag", READ => ok("ETag: \"\" W/\"\" , ;;\n", FEED);
        "ETag with a percent-coded line break", READ => ok("ETag: \"%0d%0aX-Evil: 1\"\n", FEED);
        "two ETags", READ => ok("ETag: \"a\"\nETag: \"b\"\n", FEED);
        "Last-Modified nonsense", READ => ok("Last-Modified: yesterday, perhaps\n", FEED);
        "Date nonsense", READ => ok("Date: 99 Foo 99999 99:99:99 XYZ\n", FEED);
        "max-age past all numbers", READ => ok("Cache-Control: max-age=999999999999999999999999\n", FEED);
        "max-age below zero", READ => ok("Cache-Control: max-age=-1, max-age=1e9, ,=,\n", FEED);
        "Expires in the year 9999", READ => ok("Expires: Fri, 31 Dec 9999 23:59:59 GMT\n", FEED);
        "Content-Type nonsense", READ => ok("Content-Type: ;;;===///\n", FEED);
        "Link header nonsense", READ => ok("Link: <<<>>>;rel=;;,,,\n", FEED);
    }
}

fn redirects() -> Vec<Behaviour> {
    behaviours! {
        "redirect to itself", NOWHERE => redirect("/feed");
        "redirect ever deeper", NOWHERE => redirect("x/y/");
        "redirect upwards for ever", NOWHERE => redirect("../../../../..");
        "redirect to a query", NOWHERE => redirect("?a=b");
        "redirect to a fragment", NOWHERE => redirect("#top");
        "permanent redirect to itself", NOWHERE => status("301 Moved", "Location: /feed\n");
        "308 to a port where nobody is", CONNECT => status("308 Permanent", "Location: //127.1.0.0:9/\n");
        "redirect without Location", NOWHERE => status("302 Found", "");
        "redirect to an empty Location", NOWHERE => redirect("");
        "redirect to no address", "lead nowhere|connection failed" => redirect("http://[::g]:99999/");
        "redirect to file:", BAD_ADDRESS => redirect("file:///etc/passwd");
        "redirect to javascript:", BAD_ADDRESS => redirect("javascript:alert(1)");
        "redirect to data:", BAD_ADDRESS => redirect("data:text/xml,%3Crss/%3E");
        "redirect to gopher:", BAD_ADDRESS => redirect("gopher://127.0.0.1:6379/_FLUSHALL");
        "redirect to ftp:", BAD_ADDRESS => redirect("ftp://127.0.0.1/feed");
        "redirect to a private network", "not on the public Internet" => redirect("http://10.0.0.1/");
        "redirect to cloud metadata", "not on the public Internet" => redirect("http://169.254.169.254/latest/meta-data/");
        "redirect of 30,000 characters", NOWHERE => redirect(&format!("/{}", "a".repeat(30_000)));
        "redirect with bytes that are no text", NOWHERE => vec![Send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /\xff\xfe\r\n\r\n".to_vec())];
        "redirect with an endless body", NOWHERE => { let mut steps = raw("HTTP/1.1 302 Found\nLocation: /feed\n", ""); steps.push(Endless(b"x".to_vec())); steps };
        "two Locations", "lead nowhere|cannot be fetched" => status("302 Found", "Location: /a\nLocation: file:///b\n");
    }
}

fn statuses() -> Vec<Behaviour> {
    behaviours! {
        "304 to an unconditional request", "answered 304" => status("304 Not Modified", "");
        "204", "answered 204" => raw("HTTP/1.1 204 No Content\nConnection: close\n", "");
        "205", "answered 205" => status("205 Reset Content", "");
        "206 that nobody asked for", "answered 206" => raw("HTTP/1.1 206 Partial\nConnection: close\nContent-Range: bytes 0-9/999\n", &FEED[..10]);
        "300", "answered 300" => status("300 Multiple Choices", "");
        "401", "answered 401" => status("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\n");
        "403", "answered 403" => status("403 Forbidden", "");
        "407 from no proxy", "answered 407" => status("407 Proxy Authentication Required", "Proxy-Authenticate: Basic\n");
        "418", "answered 418" => status("418 I'm a teapot", "");
        "451", "answered 451" => status("451 Unavailable", "");
        "500 with an endless body", "answered 500" => { let mut steps = raw("HTTP/1.1 500 Oops\n", ""); steps.push(Endless(b"x".to_vec())); steps };
        "599", "answered 599" => status("599 Network", "");
        "999", "answered 999" => status("999 Request denied", "");
        "429 with a Retry-After past all numbers", "answered 429" => status("429 Slow", "Retry-After: 999999999999999999999999999\n");
        "503 with a negative Retry-After", "answered 503" => status("503 Down", "Retry-After: -5\n");
        "503 with a Retry-After in the past", "answered 503" => status("503 Down", "Retry-After: Mon, 01 Jan 1900 00:00:00 GMT\n");
        "503 with a nonsense Retry-After", "answered 503" => status("503 Down", "Retry-After: soon\n");
    }
}

fn bodies() -> Vec<Behaviour> {
    behaviours! {
        "endless body", LARGE => then("", [Endless(b" ".to_vec())]);
        "endless chunks", LARGE => then("Transfer-Encoding: chunked\n", [Endless(b"4\r\n    \r\n".to_vec())]);
        "endless trailers", "connection failed|items:|unchanged|in time" => then("Transfer-Encoding: chunked\n", [Send(b"0\r\n".to_vec()), Endless(b"A: b\r\n".to_vec())]);
        "endless chunk extension", CONNECT => then("Transfer-Encoding: chunked\n", [Send(b"4;".to_vec()), Endless(b"x".to_vec())]);
        "Content-Length too long", CONNECT => ok("Content-Length: 5000\n", FEED);
        "Content-Length too short", EITHER => ok("Content-Length: 20\n", FEED);
        "Content-Length of exabytes", LARGE => ok("Content-Length: 9000000000000000000\n", FEED);
        "Content-Length past all numbers", CONNECT => ok("Content-Length: 99999999999999999999999\n", FEED);
        "Content-Length below zero", CONNECT => ok("Content-Length: -1\n", FEED);
        "two Content-Lengths that differ", CONNECT => ok("Content-Length: 5\nContent-Length: 6\n", FEED);
        "length and chunks at once", EITHER => ok("Content-Length: 5\nTransfer-Encoding: chunked\n", format!("{:x}\r\n{FEED}\r\n0\r\n\r\n", FEED.len()));
        "chunk size that is none", CONNECT => ok("Transfer-Encoding: chunked\n", "zz\r\n<rss>\r\n");
        "chunk size past all numbers", CONNECT => ok("Transfer-Encoding: chunked\n", "ffffffffffffffffff\r\nx");
        "chunk without its end", CONNECT => ok("Transfer-Encoding: chunked\n", "5\r\n<rss>xx");
        "chunks without the last", CONNECT => ok("Transfer-Encoding: chunked\n", "5\r\n<rss>\r\n");
        "unknown transfer coding", "connection failed|items:|unchanged|cannot be parsed" => ok("Transfer-Encoding: rot13\n", FEED);
        "empty 200", NO_FEED => ok("Content-Length: 0\n", "");
        "a single byte", NO_FEED => ok("", "<");
        "HTML", NO_FEED => ok("Content-Type: text/html\n", "<!doctype html><html><body>Please log in</body></html>");
        "an image", NO_FEED => ok("Content-Type: image/png\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
        "a megabyte of NUL", NO_FEED => ok("", vec![0; 1 << 20]);
    }
}

fn codings() -> Vec<Behaviour> {
    behaviours! {
        "gzip bomb", LARGE => ok("Content-Encoding: gzip\n", gzip(&blank()));
        "brotli bomb", LARGE => ok("Content-Encoding: br\n", brotli(&blank()));
        "zstd bomb", LARGE => ok("Content-Encoding: zstd\n", zstd(&blank()));
        "deflate bomb", LARGE => ok("Content-Encoding: deflate\n", zlib(&blank()));
        "gzip of many members", LARGE => ok("Content-Encoding: gzip\n", gzip(&vec![b' '; 1 << 20]).repeat(48));
        "gzip within gzip", CODING => ok("Content-Encoding: gzip, gzip\n", gzip(&gzip(FEED.as_bytes())));
        "gzip and brotli in two headers", CODING => ok("Content-Encoding: gzip\nContent-Encoding: br\n", gzip(FEED.as_bytes()));
        "twenty codings", CODING => ok(&format!("Content-Encoding: {}gzip\n", "gzip, ".repeat(20)), gzip(FEED.as_bytes()));
        "a coding that nobody knows", CODING => ok("Content-Encoding: lzma\n", FEED);
        "plain text that is said to be gzip", CODING => ok("Content-Encoding: gzip\n", FEED);
        "plain text that is said to be brotli", CODING => ok("Content-Encoding: br\n", FEED);
        "plain text that is said to be zstd", CODING => ok("Content-Encoding: zstd\n", FEED);
        "gzip cut off", CODING => { let coded = gzip(FEED.as_bytes()); ok("Content-Encoding: gzip\n", &coded[..coded.len() / 2]) };
        "gzip with a wrong checksum", CODING => { let mut coded = gzip(FEED.as_bytes()); let at = coded.len() - 8; coded[at] ^= 1; ok("Content-Encoding: gzip\n", coded) };
        "zstd with a window of a gigabyte", CODING => ok("Content-Encoding: zstd\n", [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA0, 0x01, 0x00, 0x00]);
    }
}

fn charsets() -> Vec<Behaviour> {
    behaviours! {
        "charset that nobody knows", READ => ok("Content-Type: text/xml; charset=klingon\n", FEED);
        "charset of ten thousand characters", READ => ok(&format!("Content-Type: text/xml; charset={}\n", "x".repeat(10_000)), FEED);
        "UTF-16 that is said to be UTF-8", EITHER => ok("Content-Type: text/xml; charset=utf-8\n", utf16(FEED));
        "UTF-8 that is said to be UTF-16", EITHER => ok("Content-Type: text/xml; charset=utf-16\n", FEED);
        "UTF-7", EITHER => ok("Content-Type: text/xml; charset=utf-7\n", FEED);
        "two byte-order marks", EITHER => ok("", [b"\xEF\xBB\xBF\xFF\xFE", FEED.as_bytes()].concat());
        "byte-order mark against the header", EITHER => ok("Content-Type: text/xml; charset=windows-1251\n", [b"\xEF\xBB\xBF", FEED.as_bytes()].concat());
        "invalid UTF-8", EITHER => feed(b"<item><guid>a</guid><title>\xff\xc0\x80\xed\xa0\x80</title></item>");
        "lone surrogates in UTF-16", EITHER => ok("Content-Type: text/xml; charset=utf-16le\n", [utf16(FEED), vec![0x00, 0xD8, 0x00, 0xD8]].concat());
        "UTF-16 of an odd length", EITHER => ok("Content-Type: text/xml; charset=utf-16le\n", [utf16(FEED), vec![0]].concat());
        "NUL between all letters", EITHER => feed(b"<item><guid>a</guid><title>\0N\0U\0L\0</title></item>");
        "line ends of every kind", EITHER => feed("<item>\r\n<guid>a</guid>\n\r<title>\r\r\n\u{2028}\u{85}</title></item>");
    }
}

fn documents() -> Vec<Behaviour> {
    behaviours! {
        "a million items", READ => feed("<item/>".repeat(MILLION));
        "a million items in gzip", "items:|unchanged|larger than allowed" => ok("Content-Encoding: gzip\n", gzip(format!("<rss><channel>{}</channel></rss>", "<item/>".repeat(MILLION)).as_bytes()));
        "hundred thousand levels", EITHER => feed(format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)));
        "a million levels that never close", EITHER => feed("<a>".repeat(MILLION));
        "a million ends without a beginning", EITHER => feed("</a>".repeat(MILLION));
        "a million attributes", EITHER => feed(format!("<item {}><guid>a</guid></item>", (0..MILLION).map(|n| format!("a{n}='' ")).collect::<String>()).chars().take(MEGABYTES).collect::<String>());
        "the same attribute hundred thousand times", EITHER => feed(format!("<item {}><guid>a</guid></item>", "a='' ".repeat(100_000)));
        "hundred thousand namespaces", EITHER => feed(format!("<item {}/>", (0..100_000).map(|n| format!("xmlns:n{n}='urn:{n}' ")).collect::<String>()));
        "entities that multiply", EITHER => ok("", format!("<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'>{}]><rss version='2.0'><channel><item><guid>a</guid><title>&i;</title></item></channel></rss>", "bcdefghi".chars().zip("abcdefgh".chars()).map(|(new, old)| format!("<!ENTITY {new} '{}'>", format!("&{old};").repeat(10))).collect::<String>()));
        "entity that holds itself", EITHER => ok("", "<!DOCTYPE rss [<!ENTITY a '&a;'>]><rss version='2.0'><channel><item><guid>a</guid><title>&a;</title></item></channel></rss>");
        "external entity", EITHER => ok("", "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss version='2.0'><channel><item><guid>a</guid><title>&x;</title></item></channel></rss>");
        "external DTD", EITHER => ok("", format!("<!DOCTYPE rss SYSTEM 'http://127.0.0.1:1/evil.dtd'>{FEED}"));
        "DTD that never ends", EITHER => ok("", format!("<!DOCTYPE rss [{}", "<!ENTITY a 'b'>".repeat(200_000)));
        "a million references", EITHER => feed(format!("<item><guid>a</guid><title>{}</title></item>", "&amp;".repeat(MILLION)));
        "references past Unicode", EITHER => feed(format!("<item><guid>a</guid><title>{}</title></item>", "&#x110000;&#99999999999;&#0;&#xD800;".repeat(10_000)));
        "a word of seven megabytes", EITHER => feed(format!("<item><guid>a</guid><title>{}</title></item>", "x".repeat(MEGABYTES)));
        "a guid of seven megabytes", EITHER => feed(format!("<item><guid>{}</guid></item>", "x".repeat(MEGABYTES)));
        "an element name of seven megabytes", EITHER => feed(format!("<{}/>", "x".repeat(MEGABYTES)));
        "a comment that never ends", EITHER => feed(format!("<!--{}", "-".repeat(MEGABYTES)));
        "CDATA that never ends", EITHER => feed(format!("<item><title><![CDATA[{}", "]".repeat(MEGABYTES)));
        "a million opening brackets", EITHER => ok("", "<".repeat(MILLION));
        "a million processing instructions", EITHER => feed("<?a?>".repeat(MILLION));
        "deep markup in a description", EITHER => feed(format!("<item><guid>a</guid><description>{}</description></item>", "&lt;div&gt;".repeat(300_000)));
        "a million categories", EITHER => feed(format!("<item><guid>a</guid>{}</item>", "<category>a</category>".repeat(300_000)));
        "a date of a million digits", EITHER => feed(format!("<item><guid>a</guid><pubDate>{}</pubDate></item>", "9".repeat(MILLION)));
        "a million equal guids", EITHER => feed("<item><guid>a</guid><title>b</title></item>".repeat(100_000));
        "JSON hundred thousand levels deep", EITHER => ok("Content-Type: application/feed+json\n", "[".repeat(100_000));
        "JSON Feed of a million items", EITHER => ok("Content-Type: application/feed+json\n", format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{}{{}}]}}", "{},".repeat(MILLION)));
        "JSON Feed with numbers past all numbers", EITHER => ok("Content-Type: application/feed+json\n", format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{{\"id\":{}}}]}}", "9".repeat(100_000)));
        "ttl past all numbers", READ => feed("<ttl>99999999999999999999</ttl><item><guid>a</guid></item>");
        "every hour and day skipped", READ => feed(format!("<skipHours>{}</skipHours><skipDays><day>Monday</day><day>Tuesday</day><day>Wednesday</day><day>Thursday</day><day>Friday</day><day>Saturday</day><day>Sunday</day></skipDays><item><guid>a</guid></item>", (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect::<String>()));
    }
}
