//! Durations such as `"5m"` and sizes such as `"10MiB"`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// A duration of one or more parts: `"250ms"`, `"10s"`, `"5m"`, `"1h30m"`, `"30d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// A size: `"512KiB"`, `"10MiB"`, `"2GB"`, or a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

const DURATIONS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

const SIZES: [(&str, u64); 10] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("", 1),
];

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        duration(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "\"{text}\" is not a duration; write one as \"250ms\", \"10s\", \"5m\", \"1h30m\" or \"30d\""
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected a size such as \"10MiB\", or a number of bytes"
        )]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Bytes(bytes) => Ok(Self(bytes)),
            Written::Text(text) => size(&text).map(Self).ok_or_else(|| {
                D::Error::custom(format!(
                    "\"{text}\" is not a size; write one as \"512KiB\", \"10MiB\" or \"2GB\""
                ))
            }),
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0u64;
    loop {
        let (part, after) = part(rest, &DURATIONS)?;
        total = total.checked_add(part)?;
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(Duration::from_millis(total));
        }
    }
}

fn size(text: &str) -> Option<u64> {
    let (size, rest) = part(text.trim(), &SIZES)?;
    rest.is_empty().then_some(size)
}

/// The first number and its unit, multiplied out, and what follows them.
fn part<'a>(text: &'a str, units: &[(&str, u64)]) -> Option<(u64, &'a str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let after = text[digits..].trim_start();
    let letters = after
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(after.len());
    let (_, factor) = units.iter().find(|(unit, _)| *unit == &after[..letters])?;
    Some((number.checked_mul(*factor)?, &after[letters..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_their_parts() {
        assert_eq!(duration("1h 30m"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("30d"), Some(Duration::from_secs(2_592_000)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "5 years",
            "-5m",
            "99999999999999999999d",
            "5m-",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_binary_or_decimal() {
        assert_eq!(size("10MiB"), Some(10 << 20));
        assert_eq!(size("2 GB"), Some(2_000_000_000));
        assert_eq!(size("10 apples"), None);
    }
}
