//! `claimwire schema`: the contract of the topics, for a consumer and for a registry.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::Failure;
use crate::schema;

/// Prints one object with every document by its file's name, or writes the files.
pub(super) fn schema(directory: Option<&Path>) -> Result<(), Failure> {
    let files = schema::files();
    let Some(directory) = directory else {
        let all: Map<String, Value> = files.into_iter().collect();
        let mut out = io::stdout().lock();
        writeln!(out, "{}", schema::text(&Value::Object(all)).trim_end())?;
        return Ok(());
    };
    std::fs::create_dir_all(directory)
        .with_context(|| format!("{} cannot be made", directory.display()))?;
    for (name, content) in files {
        let path = directory.join(name);
        std::fs::write(&path, schema::text(&content))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
