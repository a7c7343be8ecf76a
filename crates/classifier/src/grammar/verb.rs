//! The forms of English verbs.

use rustc_hash::FxHashMap;

/// What a form can be of its verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Forms {
    pub(super) base: bool,
    pub(super) third: bool,
    pub(super) past: bool,
    pub(super) participle: bool,
    pub(super) gerund: bool,
}

/// Every form of the verbs; where two share one, the first list's has it.
pub(super) fn verbs(
    irregular: &[String],
    doubling: &[String],
    regular: &[String],
) -> FxHashMap<String, (String, Forms)> {
    let mut verbs: FxHashMap<String, (String, Forms)> = FxHashMap::default();
    let mut add = |form: String, base: &str, mark: fn(&mut Forms)| {
        let entry = verbs
            .entry(form)
            .or_insert_with(|| (base.to_owned(), Forms::default()));
        mark(&mut entry.1);
    };
    let past: fn(&mut Forms) = |forms| forms.past = true;
    let participle: fn(&mut Forms) = |forms| forms.participle = true;
    let gerund: fn(&mut Forms) = |forms| forms.gerund = true;
    for line in irregular {
        let mut parts = line.split_whitespace();
        let Some(base) = parts.next() else { continue };
        for (part, mark) in [(parts.next(), past), (parts.next(), participle)] {
            for form in part.into_iter().flat_map(|part| part.split('/')) {
                add(form.to_owned(), base, mark);
            }
        }
        let listed = parts.next().map(str::to_owned);
        add(
            listed.unwrap_or_else(|| crate::lexicon::gerund(base)),
            base,
            gerund,
        );
    }
    for base in doubling {
        let last = base.chars().next_back().unwrap_or_default();
        add(format!("{base}{last}ed"), base, past);
        add(format!("{base}{last}ed"), base, participle);
        add(format!("{base}{last}ing"), base, gerund);
    }
    for base in regular {
        add(crate::lexicon::past(base), base, past);
        add(crate::lexicon::past(base), base, participle);
        add(crate::lexicon::gerund(base), base, gerund);
    }
    let irregular = irregular
        .iter()
        .filter_map(|line| line.split_whitespace().next());
    let bases = irregular.chain(doubling.iter().chain(regular).map(String::as_str));
    for base in bases {
        add(crate::lexicon::third_person(base), base, |forms| {
            forms.third = true;
        });
        add(base.to_owned(), base, |forms| forms.base = true);
    }
    verbs
}
