//! What an examination of a log finds, a line each.

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Ok,
    /// Works, and should be looked at.
    Warn,
    /// Does not work, or will lose something.
    Fail,
}

/// One check of an examination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, such as `topic claimwire.raw`.
    pub about: String,
    /// How it came out.
    pub standing: Standing,
    /// What was found, in one line.
    pub found: String,
    /// What to do about it; empty when there is nothing to do.
    pub advice: String,
}

impl Finding {
    /// A check that came out well.
    pub fn ok(about: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(about, Standing::Ok, found, "")
    }

    /// A check that asks for attention.
    pub fn warn(
        about: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(about, Standing::Warn, found, advice)
    }

    /// A check that failed.
    pub fn fail(
        about: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(about, Standing::Fail, found, advice)
    }

    fn new(
        about: impl Into<String>,
        standing: Standing,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            about: about.into(),
            standing,
            found: found.into(),
            advice: advice.into(),
        }
    }
}
