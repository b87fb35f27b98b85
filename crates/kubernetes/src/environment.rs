//! What is read of the environment variables of a container.

use serde::Deserialize;

/// An entry of a secret, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SecretKeyRef {
    /// The secret.
    pub name: String,
    /// Its entry.
    pub key: String,
    /// Whether a pod starts without it.
    pub optional: Option<bool>,
}

/// An environment variable.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value, when it stands there.
    pub value: Option<String>,
    /// Its source, when it does not.
    pub value_from: Option<ValueFrom>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueFrom {
    /// A secret.
    pub secret_key_ref: Option<SecretKeyRef>,
}
