//! `claimwire doctor`: is everything right that the daemon depends on, and what is to be done where it is not?

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::anyhow;
use classifier::Classifier;
use fetcher::Fetcher;
use serde_json::json;
use sink::{Finding, Log, Standing};

use super::Failure;
use crate::config::Config;

/// Examines configuration, feeds, rules and the log, and prints a line for each check.
///
/// # Errors
/// When a check failed.
pub(super) async fn doctor(path: Option<&Path>, json: bool) -> Result<(), Failure> {
    let mut report = Report { json, failed: 0 };
    let config = match Config::read(path) {
        Ok(config) => config,
        Err(error) => {
            let advice = "correct it; nothing starts before";
            report.say(&[Finding::fail("configuration", error.to_string(), advice)])?;
            return report.end();
        }
    };
    report.say(&configured(&config))?;
    let topics = config.topics();
    report.say(&Log::examine(&config.log_settings(), &topics).await)?;
    report.end()
}

/// What can be said without the log.
fn configured(config: &Config) -> [Finding; 3] {
    let fetch = match Fetcher::new(config.fetch_settings()) {
        Ok(_) => Finding::ok("configuration", format!("{} is right", config.name())),
        Err(error) => {
            let advice = "correct [fetch]; nothing starts before";
            Finding::fail("configuration", anyhow!(error).to_string(), advice)
        }
    };
    let feeds = match config.feeds().len() {
        0 if !config.sample.enabled => Finding::warn(
            "feeds",
            "there is none to follow",
            "list some under [[feed]] or in feeds.files",
        ),
        count => Finding::ok("feeds", format!("{count} to follow")),
    };
    let rules = config.rule_files().map_err(anyhow::Error::from);
    let rules = rules.and_then(|files| Ok(Classifier::new(&files)?));
    let rules = match rules {
        Ok(rules) => Finding::ok("rules", format!("digest {}", rules.digest())),
        Err(error) => {
            let advice = "correct the rules; nothing starts before";
            Finding::fail("rules", format!("{error:#}"), advice)
        }
    };
    [fetch, feeds, rules]
}

/// What was printed so far.
struct Report {
    json: bool,
    failed: usize,
}

impl Report {
    fn say(&mut self, findings: &[Finding]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for finding in findings {
            let standing = match finding.standing {
                Standing::Ok => "ok",
                Standing::Warn => "warn",
                Standing::Fail => "fail",
            };
            self.failed += usize::from(finding.standing == Standing::Fail);
            let Finding {
                about,
                found,
                advice,
                ..
            } = finding;
            if self.json {
                let line = json!({
                    "about": about, "standing": standing, "found": found, "advice": advice
                });
                writeln!(out, "{line}")?;
                continue;
            }
            let advice = if advice.is_empty() {
                String::new()
            } else {
                format!(" -> {advice}")
            };
            writeln!(out, "{standing:<4}  {about}: {found}{advice}")?;
        }
        out.flush()
    }

    fn end(self) -> Result<(), Failure> {
        match self.failed {
            0 => Ok(()),
            1 => Err(Failure::Running(anyhow!("a check failed"))),
            several => Err(Failure::Running(anyhow!("{several} checks failed"))),
        }
    }
}
