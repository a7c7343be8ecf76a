//! A dictionary with a mistake is refused, and the mistake is named by file and line.

use classifier::{Catalogue, Classifier, RuleFiles};

const FILE: &str = "entities/places.toml";

/// The shipped rules with an entry of one's own before all others of its file.
fn with(entry: &str) -> RuleFiles {
    let mut files = RuleFiles::builtin();
    let places = files.0.get_mut(FILE).expect("there is a file of places");
    *places = format!("[[entity]]\n{entry}\n{places}");
    files
}

#[test]
fn every_kind_of_mistake_in_an_entry_is_named_with_its_line() {
    let sound = "id = \"place.here\"\ntype = \"place\"\nnames.en = [\"Here\"]";
    for (entry, line, what) in [
        (
            "id = \"place.here\"\ntype = \"spot\"",
            3,
            "unknown variant `spot`",
        ),
        (
            "id = \"place.here\"\ntype = \"place\"\nname = []",
            4,
            "unknown field `name`",
        ),
        (
            "id = \"place.kyiv\"\ntype = \"place\"\nnames.en = [\"Here\"]",
            0,
            "used twice",
        ),
        ("id = \"place.here\"\ntype = \"place\"", 2, "needs a name"),
        (&format!("{sound}\nqid = \"212\""), 2, "no Wikidata id"),
        (
            &format!("{sound}\nmember_of = \"org.nobody\""),
            2,
            "no entity has the id `org.nobody`",
        ),
        (
            &format!("{sound}\nnames.xx = [\"Ici\"]"),
            2,
            "none of the languages",
        ),
        (
            &format!("{sound}\nnames.uk = [\"Ту|ць\"]"),
            5,
            "no paradigm",
        ),
        (&format!("{sound}\nnames.uk = [\"\"]"), 5, "an empty name"),
        (
            &format!("{sound}\nroles = [{{ role = \"role.saceur\", from = \"24.02.2022\" }}]"),
            2,
            "no date",
        ),
        (
            &format!(
                "{sound}\nroles = [{{ role = \"role.saceur\", from = \"2022-02-24\", until = \"2021-01-01\" }}]"
            ),
            2,
            "cannot end",
        ),
    ] {
        let error = Classifier::new(&with(entry)).expect_err(entry);
        assert_eq!(error.file, FILE, "{entry}");
        assert!(
            line == 0 || error.line == line,
            "{entry}: line {}",
            error.line
        );
        assert!(error.what.contains(what), "{entry}: {}", error.what);
    }
    assert!(Classifier::new(&with(sound)).is_ok());
}

#[test]
fn a_wrong_word_of_a_name_list_is_named_with_its_line() {
    let mut files = RuleFiles::builtin();
    let names = files
        .0
        .get_mut("names/uk.toml")
        .expect("there are Ukrainian names");
    *names = "given = [\n  \"Іван|ище\",\n]".to_owned();
    let error = Classifier::new(&files).expect_err("no such ending");
    assert_eq!((error.file.as_str(), error.line), ("names/uk.toml", 2));
}

#[test]
fn an_entry_is_found_by_any_form_of_its_names() {
    let catalogue = Catalogue::new(&RuleFiles::builtin()).expect("the shipped rules are sound");
    assert!(catalogue.entries().len() >= 600);
    for (name, id) in [
        ("place.kyiv", "place.kyiv"),
        ("Києва", "place.kyiv"),
        ("Kiev", "place.kyiv"),
        ("Q212", "place.ukraine"),
        ("Zjednoczonego Królestwa", "place.united-kingdom"),
    ] {
        let found = catalogue.lookup(name);
        assert!(found.iter().any(|entry| entry.id == id), "{name}");
    }
    assert!(catalogue.lookup("Atlantis").is_empty());
}

#[test]
fn a_weight_that_is_no_number_and_a_word_of_two_classes_are_named_with_their_line() {
    for (path, content, line) in [
        (
            "factuality/en.weights.tsv",
            "# a comment\nlevel\t0\t-3\t3\nnegative\t7\t0.5\tmuch",
            3,
        ),
        (
            "factuality/en.weights.tsv",
            "level\t0\t-3\t3\nnegative\t7\t0.5\t0.5",
            2,
        ),
        (
            "factuality/en.toml",
            "[signatures]\nplan = [\"want\"]\nwish = [\"want\"]",
            3,
        ),
    ] {
        let mut files = RuleFiles::builtin();
        files.0.insert(path.to_owned(), content.to_owned());
        let error = Classifier::new(&files).expect_err("the mistake is refused");
        assert_eq!((error.file.as_str(), error.line), (path, line), "{error}");
    }
}

#[test]
fn a_weight_that_is_none_is_named_with_its_line() {
    for (file, what) in [
        (
            "attribution/en.cues.tsv",
            "no weight for each of three labels",
        ),
        (
            "attribution/en.roles.tsv",
            "no weight for each of three labels",
        ),
        ("attribution/en.words.tsv", "neither a stem with two counts"),
    ] {
        let mut files = RuleFiles::builtin();
        let content = files.0.get_mut(file).expect("there is a file of it");
        *content = format!("# learned\nbias\t1.5\tmuch\t0\n{content}");
        let error = Classifier::new(&files).expect_err("it is refused");
        assert_eq!((error.file.as_str(), error.line), (file, 2));
        assert!(error.what.contains(what), "{error}");
    }
}
