//! `make eval`: how politely the real daemon behaves among publishers of every manner, rule by rule.
#![expect(clippy::print_stdout, reason = "the card is what it is for")]

#[path = "../politeness/publisher.rs"]
mod publisher;
#[path = "../politeness/run.rs"]
mod run;
#[path = "../politeness/score.rs"]
mod score;

#[path = "../support"]
mod support {
    pub(crate) mod daemon;
}

#[tokio::main]
async fn main() {
    let observed = run::observed().await;
    println!("{:<58} {:>9}", "politeness", "kept");
    let card = score::card(&observed);
    for score in &card {
        println!(
            "{:<58} {:>9}",
            score.rule,
            format!("{}/{}", score.kept, score.of)
        );
    }
    let full = card
        .iter()
        .filter(|score| score.of > 0 && score.kept == score.of)
        .count();
    println!(
        "{:<58} {:>9}",
        "rules with full marks",
        format!("{full}/{}", card.len())
    );
}
