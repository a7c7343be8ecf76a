//! `[fetch.credentials.<name>]`: what feeds are asked with. The file says where a secret is; the secret
//! itself is in a variable or in a file of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fetcher::{Credential, Secret};
use serde::Deserialize;

use super::ConfigError;
use super::source::Source;

/// One credential as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CredentialEntry {
    user: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    header: Option<String>,
    value_env: Option<String>,
    value_file: Option<PathBuf>,
    /// Headers that are no secret.
    headers: BTreeMap<String, String>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

/// Where secrets are read from.
pub(crate) struct Vault<'a> {
    pub(crate) source: &'a Source,
    pub(crate) variables: &'a [(String, String)],
    /// What file names are relative to.
    pub(crate) beside: &'a dyn Fn(&Path) -> PathBuf,
}

impl Vault<'_> {
    /// The credentials with their secrets.
    pub(crate) fn open(
        &self,
        entries: &BTreeMap<String, CredentialEntry>,
    ) -> Result<BTreeMap<String, Credential>, ConfigError> {
        let opened = entries
            .iter()
            .map(|(name, entry)| Ok((name.clone(), self.credential(name, entry)?)));
        opened.collect()
    }

    fn credential(&self, name: &str, entry: &CredentialEntry) -> Result<Credential, ConfigError> {
        let CredentialEntry {
            user,
            password_env,
            password_file,
            header,
            value_env,
            value_file,
            headers,
            certificate_file,
            key_file,
        } = entry;
        let password = self.secret(
            name,
            "password",
            password_env.as_deref(),
            password_file.as_deref(),
        )?;
        let login = match (user, password) {
            (Some(user), Some(password)) => Some((user.clone(), password)),
            (None, None) => None,
            _ => {
                return Err(self.wrong(
                    name,
                    "user",
                    "user needs password_env or password_file, and they need user",
                ));
            }
        };
        let mut sent: Vec<_> = headers
            .iter()
            .map(|(header, value)| (header.clone(), Secret(value.clone())))
            .collect();
        let value = self.secret(name, "value", value_env.as_deref(), value_file.as_deref())?;
        match (header, value) {
            (Some(header), Some(value)) => sent.push((header.clone(), value)),
            (None, None) => {}
            _ => {
                return Err(self.wrong(
                    name,
                    "header",
                    "header needs value_env or value_file, and they need header",
                ));
            }
        }
        let certificate = match (certificate_file, key_file) {
            (Some(certificate), Some(key)) => {
                let chain = self.file(name, "certificate_file", certificate)?;
                let key = self.file(name, "key_file", key)?;
                Some(Secret(format!("{chain}\n{key}")))
            }
            (None, None) => None,
            _ => {
                return Err(self.wrong(
                    name,
                    "certificate_file",
                    "certificate_file and key_file belong together",
                ));
            }
        };
        if login.is_none() && sent.is_empty() && certificate.is_none() {
            return Err(self.wrong(
                name,
                "",
                "it holds nothing: neither user, nor header, nor certificate_file",
            ));
        }
        Ok(Credential {
            login,
            headers: sent,
            certificate,
        })
    }

    fn secret(
        &self,
        name: &str,
        what: &str,
        variable: Option<&str>,
        file: Option<&Path>,
    ) -> Result<Option<Secret>, ConfigError> {
        match (variable, file) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                let both = format!("{what}_env and {what}_file exclude each other");
                Err(self.wrong(name, &format!("{what}_env"), both))
            }
            (Some(variable), None) => {
                let held = self.variables.iter().find(|(held, _)| held == variable);
                let (_, value) = held.ok_or_else(|| {
                    let key = format!("{what}_env");
                    self.wrong(
                        name,
                        &key,
                        format!("{key}: the environment has no variable {variable}"),
                    )
                })?;
                Ok(Some(Secret(value.clone())))
            }
            (None, Some(file)) => {
                let value = self.file(name, &format!("{what}_file"), file)?;
                Ok(Some(Secret(
                    value.trim_end_matches(['\r', '\n']).to_owned(),
                )))
            }
        }
    }

    fn file(&self, name: &str, key: &str, file: &Path) -> Result<String, ConfigError> {
        let file = (self.beside)(file);
        std::fs::read_to_string(&file).map_err(|error| {
            let what = format!("{key}: {} cannot be read: {error}", file.display());
            self.wrong(name, key, what)
        })
    }

    fn wrong(&self, name: &str, key: &str, what: impl std::fmt::Display) -> ConfigError {
        let what = format!("credential \"{name}\": {what}");
        match self.source.span(&["fetch", "credentials", name, key]) {
            Some(at) => self.source.error(&at, what),
            None => match self.source.span(&["fetch", "credentials", name]) {
                Some(at) => self.source.error(&at, what),
                None => ConfigError(format!("{}: {what}", self.source.name)),
            },
        }
    }
}
