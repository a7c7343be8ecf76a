//! The real daemon among publishers that write down how it behaves.

#[path = "politeness/publisher.rs"]
mod publisher;
#[path = "politeness/run.rs"]
mod run;
#[path = "politeness/score.rs"]
mod score;

#[path = "support"]
mod support {
    pub(crate) mod daemon;
}

#[tokio::test]
async fn every_rule_of_politeness_is_kept_among_publishers_of_every_manner() {
    let observed = run::observed().await;
    let broken: Vec<String> = score::card(&observed)
        .into_iter()
        .filter(|score| score.of == 0 || score.kept < score.of)
        .map(|score| format!("{}: {} of {}", score.rule, score.kept, score.of))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}\n{}", observed.errors);
}
