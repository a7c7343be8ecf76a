use super::*;

const PUBLISHED: &str = "2024-07-11T09:00:00Z"; // a Thursday

fn ids(text: &str, language: Language) -> Vec<String> {
    let grammar = Grammar::new(include_str!("../../../../config/values.toml")).unwrap();
    grammar
        .find(text, language, PUBLISHED.parse().ok())
        .into_iter()
        .map(|found| found.id)
        .collect()
}

#[test]
fn money_in_six_languages() {
    use Language::*;
    let euros = "money:EUR:50000000000";
    for (text, language) in [
        ("a loan of 50 billion euros", En),
        ("a €50bn loan", En),
        ("50 млрд євро", Uk),
        ("50 миллиардов евро", Ru),
        ("50 Mrd. Euro", De),
        ("50 milliards d’euros", Fr),
        ("50 mld euro", Pl),
    ] {
        assert_eq!(ids(text, language), [euros], "{text}");
    }
    assert_eq!(ids("$1.3 mln", En), ["money:USD:1300000"]);
    assert_eq!(ids("61 мільярд доларів", Uk), ["money:USD:61000000000"]);
    assert_eq!(ids("2,5 Milliarden Dollar", De), ["money:USD:2500000000"]);
}

#[test]
fn quantities_in_six_languages() {
    use Language::*;
    for (text, language, id) in [
        ("more than 1,200 attack drones", En, "quantity:1200:drone"),
        ("120 дронів", Uk, "quantity:120:drone"),
        ("40 процентов", Ru, "quantity:40:%"),
        ("1.200 Soldaten", De, "quantity:1200:soldier"),
        ("1 200 soldats", Fr, "quantity:1200:soldier"),
        ("1\u{a0}200 żołnierzy", Pl, "quantity:1200:soldier"),
        ("2,5 відсотка", Uk, "quantity:2.5:%"),
        ("5%", En, "quantity:5:%"),
        ("three missiles", En, "quantity:3:missile"),
        ("800 км", Ru, "quantity:800:km"),
    ] {
        assert_eq!(ids(text, language), [id], "{text}");
    }
}

#[test]
fn dates_in_six_languages() {
    use Language::*;
    let day = "date:2024-07-09";
    for (text, language) in [
        ("on 2024-07-09", En),
        ("9 July 2024", En),
        ("July 9, 2024", En),
        ("July 9", En),
        ("on Tuesday", En),
        ("9 липня 2024 року", Uk),
        ("у вівторок", Uk),
        ("9 июля", Ru),
        ("9. Juli", De),
        ("9 juillet", Fr),
        ("9 lipca 2024 roku", Pl),
    ] {
        assert_eq!(ids(text, language), [day], "{text}");
    }
    assert_eq!(ids("in 2024", En), ["date:2024"]);
    assert_eq!(ids("July 2024", En), ["date:2024-07"]);
    assert_eq!(ids("last week", En), ["date:2024-07-01/2024-07-07"]);
    assert_eq!(ids("gestern", De), ["date:2024-07-10"]);
}

#[test]
fn without_the_publication_a_day_of_some_year_has_no_value() {
    let grammar = Grammar::new(include_str!("../../../../config/values.toml")).unwrap();
    let found = grammar.find("yesterday, on 9 July", Language::En, None);
    assert_eq!(found.len(), 1, "yesterday says nothing by itself");
    assert_eq!(
        (found[0].id.as_str(), &found[0].value),
        ("date:--07-09", &None)
    );
}

#[test]
fn digits_in_the_name_of_a_weapon_are_no_number() {
    let text = "F-16 jets, Su-34 aircraft, a Shahed-136 drone and 10-15 tanks";
    assert_eq!(ids(text, Language::En), Vec::<String>::new());
}

#[test]
fn a_modal_may_is_no_month() {
    assert_eq!(
        ids("Allies may send 5 tanks", Language::En),
        ["quantity:5:tank"]
    );
}

#[test]
fn an_unknown_language_names_its_line() {
    let wrong = "[[value]]\nmeans = { month = 1 }\nwords.xx = [\"a\"]\n";
    assert_eq!(Grammar::new(wrong).unwrap_err().0, 3);
}

#[test]
fn spans_are_bytes_of_the_text() {
    let grammar = Grammar::new(include_str!("../../../../config/values.toml")).unwrap();
    let text = "Збито 120 дронів.";
    let found = grammar.find(text, Language::Uk, None);
    assert_eq!(&text[found[0].start..found[0].end], "120 дронів");
}
