//! Rule files from a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use classifier::RuleFiles;

use super::ConfigError;

/// The rule files under `directory`: those that are laid out and named as the built-in ones are.
pub(crate) fn read(directory: &Path) -> Result<RuleFiles, ConfigError> {
    let builtin = RuleFiles::builtin().0;
    let folders: BTreeSet<&str> = builtin
        .keys()
        .filter_map(|path| Some(path.split_once('/')?.0))
        .collect();
    let failed = |path: &Path, error: std::io::Error| {
        ConfigError(format!("rules: {} cannot be read: {error}", path.display()))
    };

    let mut files = BTreeMap::new();
    let single = builtin.keys().filter(|path| !path.contains('/'));
    let mut found: Vec<String> = single.cloned().collect();
    std::fs::read_dir(directory).map_err(|error| failed(directory, error))?;
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(directory.join(folder)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.map_err(|error| failed(directory, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".toml") || name.ends_with(".tsv") {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    for name in found {
        let path = directory.join(&name);
        if path.exists() {
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            files.insert(name, text);
        }
    }
    if files.is_empty() {
        return Err(ConfigError(format!(
            "rules: {} holds no rule file such as cues/en.toml",
            directory.display()
        )));
    }
    Ok(RuleFiles(files))
}
