//! Every form of every name, found word by word.

use rustc_hash::FxHashMap;

/// Forms by their beginnings, cut where a word or a mark ends: *kyiv*, *kyiv post*.
#[derive(Debug, Default)]
pub(super) struct Forms(FxHashMap<Box<str>, Beginning>);

/// What begins with some words.
#[derive(Clone, Copy, Debug, Default)]
struct Beginning {
    /// The number of the form that they are.
    form: Option<usize>,
    /// Whether a longer form begins with them.
    goes_on: bool,
}

impl Forms {
    /// Forms by their place in `forms`.
    pub(super) fn new<'a>(forms: impl Iterator<Item = &'a str>) -> Self {
        let mut all: FxHashMap<Box<str>, Beginning> = FxHashMap::default();
        for (number, form) in forms.enumerate() {
            let mut end = piece(form, 0);
            while end < form.len() {
                all.entry(form[..end].into()).or_default().goes_on = true;
                end = piece(form, end);
            }
            all.entry(form.into()).or_default().form = Some(number);
        }
        Self(all)
    }

    /// Every form that begins at byte `at` and ends where a word or a mark does, the shortest first: its number and
    /// its end.
    pub(super) fn at(&self, text: &str, at: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut end = at;
        let mut goes_on = true;
        let beginnings = std::iter::from_fn(move || {
            if !goes_on || end >= text.len() {
                return None;
            }
            end = piece(text, end);
            let beginning = self.0.get(&text[at..end])?;
            goes_on = beginning.goes_on;
            Some((beginning.form, end))
        });
        beginnings.filter_map(|(form, end)| Some((form?, end)))
    }
}

/// Where the word that begins at `at` ends, or the one mark.
fn piece(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let plain = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if plain > 0 && rest.as_bytes().get(plain).is_none_or(u8::is_ascii) {
        return at + plain;
    }
    let word = rest.find(|char: char| !char.is_alphanumeric());
    match word {
        Some(0) => at + rest.chars().next().map_or(0, char::len_utf8),
        Some(length) => at + length,
        None => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_where_it_stands_whole_with_those_it_begins_with() {
        let names = ["eu", "kyiv", "kyiv post", "u.s.", "україна"];
        let forms = Forms::new(names.into_iter());
        let found = |text: &str| -> Vec<(&str, usize)> {
            let found = forms.at(text, 0);
            found.map(|(number, end)| (names[number], end)).collect()
        };
        assert_eq!(found("kyiv post said"), [("kyiv", 4), ("kyiv post", 9)]);
        assert_eq!(found("kyiv poster"), [("kyiv", 4)]);
        assert_eq!(found("europe"), []);
        assert_eq!(found("u.s. troops"), [("u.s.", 4)]);
        assert_eq!(found("україна."), [("україна", 14)]);
        assert_eq!(found(""), []);
    }
}
