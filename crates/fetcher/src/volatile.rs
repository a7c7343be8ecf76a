//! What changes in a feed though nothing was edited. The words are data, in `config/volatile.toml`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

static VOLATILE: LazyLock<Volatile> = LazyLock::new(|| {
    Volatile::read(include_str!("../../../config/volatile.toml"))
        .expect("the file is compiled in, and a test reads it")
});

struct Volatile {
    tracking: HashSet<String>,
    tracking_prefixes: Vec<String>,
    furniture: HashSet<String>,
    passing: Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VolatileFile {
    tracking: Vec<String>,
    furniture: HashSet<String>,
    passing: BTreeMap<String, Vec<String>>,
}

impl Volatile {
    fn read(text: &str) -> Result<Self, String> {
        let file: VolatileFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let (prefixes, names): (Vec<_>, Vec<_>) =
            file.tracking.into_iter().partition(|it| it.ends_with('*'));
        // A boundary of Unicode words would keep the regex from its fast engine.
        let passing: Vec<String> = file
            .passing
            .into_values()
            .flatten()
            .map(|pattern| pattern.replace(r"\b", r"(?-u:\b)"))
            .collect();
        Ok(Self {
            tracking: names.into_iter().collect(),
            tracking_prefixes: prefixes
                .iter()
                .map(|prefix| prefix.trim_end_matches('*').to_owned())
                .collect(),
            furniture: file.furniture,
            passing: Regex::new(&passing.join("|")).map_err(|error| error.to_string())?,
        })
    }
}

/// Whether a query parameter says how a reader came, not what is read.
pub(crate) fn is_tracking(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    VOLATILE.tracking.contains(&name)
        || VOLATILE
            .tracking_prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.as_str()))
}

/// Whether an HTML element with this class or id holds advertisements, counters or buttons to share.
pub(crate) fn is_furniture(names: &str) -> bool {
    names
        .split_ascii_whitespace()
        .any(|name| VOLATILE.furniture.contains(&name.to_ascii_lowercase()))
}

/// The text without what merely tells how long ago something was or how many have looked at it.
pub(crate) fn lasting(text: &str) -> Cow<'_, str> {
    VOLATILE.passing.replace_all(text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_pass_are_no_content_in_any_language() {
        for passing in [
            "3 minutes ago",
            "an hour ago",
            "vor 5 Minuten",
            "il y a une heure",
            "2 godziny temu",
            "5 хвилин тому",
            "час назад",
            "1,204 views",
        ] {
            assert_eq!(lasting(passing), "", "{passing}");
        }
        let stays = "Two drones fell 30 minutes before dawn; 12 people were hurt.";
        assert_eq!(lasting(stays), stays);
    }

    #[test]
    fn tracking_parameters_are_told_from_those_that_name_a_page() {
        for tracking in ["utm_source", "UTM_Campaign", "fbclid", "at_custom2", "ito"] {
            assert!(is_tracking(tracking), "{tracking}");
        }
        for naming in ["id", "p", "article", "ref", "utm"] {
            assert!(!is_tracking(naming), "{naming}");
        }
    }

    #[test]
    fn furniture_is_told_by_whole_words() {
        assert!(is_furniture("block ad-slot") && is_furniture("FeedFlare"));
        assert!(!is_furniture("lead headline advice") && !is_furniture("ad-hoc"));
    }
}
