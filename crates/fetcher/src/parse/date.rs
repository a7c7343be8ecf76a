//! Dates as feeds write them: RFC 822, RFC 3339, asctime, and the forms that come with neither, in
//! six languages. The words are data, in `config/dates.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    Words::read(include_str!("../../../../config/dates.toml"))
        .expect("the date words are compiled in, and a test reads them")
});

/// The first of January 1990: dates before are zeros and defaults of programs.
const FIRST_YEAR: Timestamp = Timestamp::constant(631_152_000, 0);
/// The first instant that RFC 3339 can write: a zone puts the first hours of the year 0 before it.
const FIRST_WRITTEN: Timestamp = Timestamp::constant(-62_167_219_200, 0);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// The instant that `text` names. A date without a time is midnight, a time without a zone is UTC.
/// None when there is no whole date in it.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let read = iso(text).or_else(|| epoch(text)).or_else(|| worded(text));
    read.filter(|at| *at >= FIRST_WRITTEN)
}

/// Whether something can have been published at `at`: after there was a Web to publish it on, and not more
/// than a day after it was `received`, for clocks and zones are wrong by hours.
pub(super) fn is_plausible(at: Timestamp, received: Option<Timestamp>) -> bool {
    at >= FIRST_YEAR && received.is_none_or(|received| at.duration_since(received) <= A_DAY)
}

struct Words {
    /// Upper-case name to seconds east of UTC.
    zones: HashMap<String, i32>,
    /// Lower-case name to month, from 1.
    months: HashMap<String, i8>,
}

#[derive(Deserialize)]
struct WordFile {
    zones: HashMap<String, String>,
    months: HashMap<String, Vec<String>>,
}

impl Words {
    fn read(text: &str) -> Result<Self, String> {
        let file: WordFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let zones = file.zones.into_iter().map(|(name, offset)| {
            let seconds = numeric_zone(&offset).ok_or(format!("zone {name}: `{offset}`"))?;
            Ok((name.to_uppercase(), seconds))
        });
        let mut months = HashMap::new();
        for (month, names) in file.months {
            let number: i8 = month.parse().map_err(|_| format!("month `{month}`"))?;
            months.extend(names.into_iter().map(|name| (name.to_lowercase(), number)));
        }
        Ok(Self {
            zones: zones.collect::<Result<_, String>>()?,
            months,
        })
    }
}

/// `2026-11-23T10:20:30.5+02:00` and its shorter forms (ISO 8601, RFC 3339, W3C date and time formats).
fn iso(text: &str) -> Option<Timestamp> {
    let digits = |from: usize, to: usize| -> Option<&str> {
        text.get(from..to)
            .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let year = digits(0, 4)?.parse().ok()?;
    let (month, day, rest) = if text[4..].starts_with('-') {
        let month = digits(5, 7)?;
        match text[7..].strip_prefix('-') {
            Some(_) => (month, digits(8, 10)?, &text[10..]),
            None => (month, "1", &text[7..]),
        }
    } else if text.len() == 4 {
        ("1", "1", "")
    } else {
        let rest = text.get(8..)?;
        // Ten digits are seconds since 1970, not a date with a time.
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        (digits(4, 6)?, digits(6, 8)?, rest)
    };
    let date = Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()?;
    let rest = rest.trim_start_matches(['T', 't', ' ', ',']);
    if rest.is_empty() {
        return instant(date, Clock::MIDNIGHT, 0);
    }
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',')));
    let (clock, zone) = rest.split_at(end.unwrap_or(rest.len()));
    instant(date, Clock::read(clock)?, zone_of(zone.trim())?)
}

/// Seconds or milliseconds since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9 | 10 => Timestamp::from_second(number).ok(),
        12 | 13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// Everything that names its month, in any order, and `23.11.2026`.
fn worded(text: &str) -> Option<Timestamp> {
    let (mut day, mut month, mut year) = (None::<i8>, None::<i8>, None::<i16>);
    let (mut clock, mut zone) = (Clock::MIDNIGHT, 0);
    let mut timed = false;
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')')) {
        let bare = word.trim_matches('.');
        if bare.is_empty() {
            continue;
        }
        if let Some(read) = clock_in_french(bare) {
            (clock, timed) = (read, true);
        } else if word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) {
            let end = word.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')));
            let (time, attached) = word.split_at(end.unwrap_or(word.len()));
            clock = Clock::read(time)?;
            timed = true;
            if let Some(offset) = zone_of(attached) {
                zone = offset;
            }
        } else if let Some((d, m, y)) = numeric_date(bare) {
            (day, month, year) = (Some(d), Some(m), Some(y));
        } else if let Some(number) = number(bare) {
            match (number.len(), day) {
                (1 | 2, None) => day = number.parse().ok(),
                (2, Some(_)) if year.is_none() => year = number.parse().ok().map(full_year),
                (4, _) => year = number.parse().ok(),
                _ => {}
            }
        } else if let Some(number) = WORDS.months.get(&bare.to_lowercase()) {
            month = Some(*number);
        } else if bare.eq_ignore_ascii_case("pm") && timed && clock.hour < 12 {
            clock.hour += 12;
        } else if bare.eq_ignore_ascii_case("am") && timed && clock.hour == 12 {
            clock.hour = 0;
        } else if let Some((d, m, y)) = hyphenated(bare) {
            (day, month, year) = (Some(d), Some(m), Some(y));
        } else if timed && let Some(offset) = zone_of(bare) {
            zone = offset;
        }
    }
    instant(Date::new(year?, month?, day?).ok()?, clock, zone)
}

/// The digits of `23`, and of `23rd` and `1er`.
fn number(word: &str) -> Option<&str> {
    let end = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    let (digits, suffix) = word.split_at(end);
    let ordinal = ["", "st", "nd", "rd", "th", "er"].contains(&suffix);
    (!digits.is_empty() && ordinal).then_some(digits)
}

/// `10h20`.
fn clock_in_french(word: &str) -> Option<Clock> {
    let (hours, minutes) = word.split_once('h')?;
    let digits = [hours, minutes].concat();
    let all_digits = !hours.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let read = Clock::read(&format!("{hours}:{minutes:0<2}"))?;
    all_digits.then_some(read)
}

/// `23.11.2026`, `2026/11/23`, and `23/11/2026` or `23-11-2026` where it can only be read one way.
fn numeric_date(word: &str) -> Option<(i8, i8, i16)> {
    let dotted = word.contains('.');
    let mut parts = word.split(['.', '/', '-']);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if first.len() == 4 {
        return Some((
            year.parse().ok()?,
            second.parse().ok()?,
            first.parse().ok()?,
        ));
    }
    let (first, second): (i8, i8) = (first.parse().ok()?, second.parse().ok()?);
    let year = if year.len() == 2 {
        full_year(year.parse().ok()?)
    } else {
        year.parse().ok()?
    };
    match (dotted, first, second) {
        (true, day, month) => Some((day, month, year)),
        (false, day, month) if day > 12 || day == month => Some((day, month, year)),
        (false, month, day) if day > 12 => Some((day, month, year)),
        // The third of April or the fourth of March: nobody can tell.
        _ => None,
    }
}

/// `23-Nov-2026` (RFC 850).
fn hyphenated(word: &str) -> Option<(i8, i8, i16)> {
    let mut parts = word.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = *WORDS.months.get(&month.to_lowercase())?;
    let year = if year.len() == 2 {
        full_year(year.parse().ok()?)
    } else {
        year.parse().ok()?
    };
    Some((day.parse().ok()?, month, year))
}

/// RFC 2822 §4.3: two digits up to 49 are of this century.
fn full_year(two_digits: i16) -> i16 {
    two_digits + if two_digits < 50 { 2000 } else { 1900 }
}

#[derive(Clone, Copy)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

impl Clock {
    const MIDNIGHT: Self = Self {
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
    };

    /// `10:20:30.5`, `10:20`, `10.20`, `102030`, `1020`.
    fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once(':').map_or((text, ""), |_| ("", "")) {
            ("", _) => text.split_once(['.', ',']).unwrap_or((text, "")),
            _ => (text, ""),
        };
        let parts: Vec<&str> = if whole.contains([':', '.']) {
            whole.split([':', '.']).collect()
        } else {
            whole
                .as_bytes()
                .chunks(2)
                .filter_map(|pair| std::str::from_utf8(pair).ok())
                .collect()
        };
        let part = |at: usize| {
            parts
                .get(at)
                .map_or(Some(0), |part| part.parse::<i8>().ok())
        };
        let nanosecond = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        let clock = Self {
            hour: part(0)?,
            minute: part(1)?,
            second: part(2)?,
            nanosecond,
        };
        (parts.len() <= 3).then_some(clock)
    }
}

/// The instant of a wall clock east of UTC by `offset` seconds. `24:00` is the next day's midnight
/// (ISO 8601-1:2004), a leap second is the second before it.
fn instant(date: Date, clock: Clock, offset: i32) -> Option<Timestamp> {
    let (date, hour) = match clock {
        Clock {
            hour: 24,
            minute: 0,
            second: 0,
            ..
        } => (date.tomorrow().ok()?, 0),
        _ => (date, clock.hour),
    };
    let time = Time::new(hour, clock.minute, clock.second.min(59), clock.nanosecond).ok()?;
    let offset = Offset::from_seconds(offset).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

/// Seconds east of UTC of `+0200`, `+02:00`, `GMT+2`, `EET`; nothing at all is UTC.
fn zone_of(word: &str) -> Option<i32> {
    let word = word.trim();
    if word.is_empty() {
        return Some(0);
    }
    if let Some(seconds) = numeric_zone(word) {
        return Some(seconds);
    }
    let upper = word.to_uppercase();
    if let Some(seconds) = WORDS.zones.get(&upper) {
        return Some(*seconds);
    }
    ["GMT", "UTC", "UT"]
        .iter()
        .find_map(|base| numeric_zone(upper.strip_prefix(base)?))
}

fn numeric_zone(word: &str) -> Option<i32> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "\u{2212}", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        3 | 4 => digits.split_at(digits.len() - 2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_feeds_write_is_read() {
        let cases = [
            ("Mon, 23 Nov 2026 10:20:30 GMT", "2026-11-23T10:20:30Z"),
            ("Mon, 23 Nov 2026 10:20:30 +0200", "2026-11-23T08:20:30Z"),
            ("Mon, 23 Nov 2026 10:20:30 MSK", "2026-11-23T07:20:30Z"),
            ("Mon, 23 Nov 2026 10:20:30 EET", "2026-11-23T08:20:30Z"),
            ("Mon, 23 Nov 2026 10:20 EEST", "2026-11-23T07:20:00Z"),
            ("23 Nov 26 10:20:30 CEST", "2026-11-23T08:20:30Z"),
            ("Mon, 23 Nov 2026 10:20:30 GMT+2", "2026-11-23T08:20:30Z"),
            ("Mon, 23 Nov 2026 24:00:00 GMT", "2026-11-24T00:00:00Z"),
            ("Mon Nov 23 10:20:30 2026", "2026-11-23T10:20:30Z"),
            ("Monday, 23-Nov-26 10:20:30 GMT", "2026-11-23T10:20:30Z"),
            ("2026-11-23T10:20:30.250+02:00", "2026-11-23T08:20:30.25Z"),
            ("2026-11-23T10:20Z", "2026-11-23T10:20:00Z"),
            ("2026-11-23 10:20:30", "2026-11-23T10:20:30Z"),
            ("2026-11-23 10:20:30 EST", "2026-11-23T15:20:30Z"),
            ("20261123T102030Z", "2026-11-23T10:20:30Z"),
            ("2026-11", "2026-11-01T00:00:00Z"),
            ("1795429230", "2026-11-23T10:20:30Z"),
            (
                "пн, 23 листопада 2026 10:20:30 +0200",
                "2026-11-23T08:20:30Z",
            ),
            ("Пн, 23 ноя 2026 10:20:30 МСК", "2026-11-23T07:20:30Z"),
            ("lun., 23 févr. 2026 10:20:30 +0100", "2026-02-23T09:20:30Z"),
            ("Mo, 23 Dez 2026 10:20:30 MEZ", "2026-12-23T09:20:30Z"),
            ("23 października 2026, 10:20", "2026-10-23T10:20:00Z"),
            ("23.11.2026 10:20", "2026-11-23T10:20:00Z"),
            ("23-11-2026 10:20", "2026-11-23T10:20:00Z"),
            ("Mon, 2026/11/23 10:20:30 EST", "2026-11-23T15:20:30Z"),
            ("November 23rd, 2026 12:20 AM", "2026-11-23T00:20:00Z"),
            ("Nov 23, 2026 10:20 PM +0200", "2026-11-23T20:20:00Z"),
            ("lundi 23 novembre 2026 à 10h20", "2026-11-23T10:20:00Z"),
            ("1er août 2026", "2026-08-01T00:00:00Z"),
            (
                "Mon, 23 Nov 2026 10:20:30 +0300 (MSK)",
                "2026-11-23T07:20:30Z",
            ),
            ("Sun Jan  4 16:29:06 PST 2026", "2026-01-05T00:29:06Z"),
            ("2026-11-23T24:00:00+02:00", "2026-11-23T22:00:00Z"),
            ("2026-11-23T10:20:30", "2026-11-23T10:20:30Z"),
            ("1795429230000", "2026-11-23T10:20:30Z"),
            ("23 листопада 2026 р., 10:20 EET", "2026-11-23T08:20:00Z"),
            (
                "понедельник, 23 ноября 2026 г. 10:20 MSK",
                "2026-11-23T07:20:00Z",
            ),
            ("Montag, 23. März 2026 10:20:30 CET", "2026-03-23T09:20:30Z"),
            ("pon., 23 paź 2026 10:20:30 +0200", "2026-10-23T08:20:30Z"),
        ];
        for (text, expected) in cases {
            let read = parse(text).map(|instant| instant.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn zeros_defaults_and_days_to_come_are_implausible() {
        let received = "2026-11-23T10:00:00Z".parse().ok();
        let plausible = |written| is_plausible(parse(written).expect("a date"), received);
        assert!(plausible("2026-11-24T09:00:00Z"));
        assert!(plausible("1999-03-15"));
        for written in [
            "1970-01-01",
            "0001-01-01T00:00:00Z",
            "1900-01-01",
            "2099-01-01",
            "2026-11-25",
        ] {
            assert!(!plausible(written), "{written}");
        }
    }

    #[test]
    fn what_is_no_date_or_could_be_two_is_none() {
        for text in [
            "0000-01-01T00:00:00+02:00",
            "",
            "yesterday",
            "10:20",
            "03/04/2026",
            "2026-13-01",
            "99 Nov 2026",
            "é1-2-3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
