//! Any text is tagged, and every span points at what it says.

#![no_main]

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use libfuzzer_sys::fuzz_target;

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound"));

fuzz_target!(|text: &str| {
    let tagged = CLASSIFIER.tag(
        &Text {
            text: text.to_owned(),
            ..Text::default()
        },
        Scope::All,
    );
    let length = text.chars().count();
    for entity in &tagged.entities {
        let (start, end) = (entity.start as usize, entity.end as usize);
        assert!(start < end && end <= length);
        let said: String = text.chars().skip(start).take(end - start).collect();
        assert_eq!(said, entity.surface);
    }
});
