//! A kubeconfig as AKS hands it out, read into the types of `kube`, whose key is a secret string. Pure. It may hold a
//! private key, so no part of it is ever quoted.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use kube::config::{AuthInfo, Kubeconfig as File};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// Longest kubeconfig that is read; real ones are below 20 KiB.
pub const LONGEST: usize = 256 * 1024;

const NOT_ONE: &str = "it is no YAML of a kubeconfig";

/// Where a cluster is, and how it wants us to say who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubeconfig {
    /// The address of its API, `https`.
    pub endpoint: String,
    /// The certificate authority, PEM.
    pub ca_pem: Vec<u8>,
    /// The way in.
    pub user: User,
}

/// How a cluster wants us to say who we are.
#[derive(Clone, PartialEq, Eq)]
pub enum User {
    /// By a client certificate: clusters without Entra, which is what the reference makes.
    Certificate {
        /// The certificate, PEM.
        certificate: Vec<u8>,
        /// Its key, PEM of any kind.
        key: Vec<u8>,
    },
    /// By a token of Entra: the file only names a program that gets one. With the application that the token must be
    /// made out to, where the file names it.
    Entra {
        /// The `--server-id` of the program.
        server: Option<String>,
    },
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { .. } => f.write_str("Certificate"),
            Self::Entra { server } => f.debug_struct("Entra").field("server", server).finish(),
        }
    }
}

impl Kubeconfig {
    /// Reads what `listClusterUserCredential` gives: base64 of YAML.
    ///
    /// # Errors
    /// What is missing or makes no sense, in words that quote nothing.
    pub fn parse(base64: &str) -> Result<Self, &'static str> {
        if base64.len() > LONGEST {
            return Err("it is too long");
        }
        let yaml = decoded(base64).ok_or("it is not base64")?;
        let yaml = std::str::from_utf8(&yaml).map_err(|_| "it is no text")?;
        let file: Value = serde_saphyr::from_str(yaml).map_err(|_| NOT_ONE)?;
        let file: File = serde_json::from_value(without_nulls(file)).map_err(|_| NOT_ONE)?;
        let current = file.current_context.unwrap_or_default();
        let contexts = file.contexts.into_iter().map(|entry| (entry.name, entry.context));
        let context = chosen(contexts, &current).unwrap_or_default();
        let clusters = file.clusters.into_iter().map(|entry| (entry.name, entry.cluster));
        let cluster = chosen(clusters, &context.cluster).ok_or("it names no cluster")?;
        let users = file.auth_infos.into_iter().map(|entry| (entry.name, entry.auth_info));
        let user = chosen(users, &context.user.unwrap_or_default()).ok_or("it names no user")?;
        let ca_pem = decoded(&cluster.certificate_authority_data.unwrap_or_default())
            .ok_or("its certificate authority is not base64")?;
        let endpoint = cluster.server.filter(|server| !server.is_empty() && !ca_pem.is_empty());
        let endpoint = endpoint.ok_or("its cluster has no address or no certificate authority")?;
        Ok(Self { endpoint, ca_pem, user: way_in(user)? })
    }
}

/// The same without what is null, in objects and in lists: Go writes what is empty so, and `kube` does not expect it of
/// every field. A document that is null is an empty one. Nesting is bounded by the reader of YAML.
fn without_nulls(value: Value) -> Value {
    fn clean(value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().filter(|item| !item.is_null()).map(clean).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, clean(value)))
                .collect(),
            other => other,
        }
    }
    if value.is_null() { Value::Object(Map::new()) } else { clean(value) }
}

/// The entry of that name; where none has it, the only one there is.
fn chosen<T>(entries: impl Iterator<Item = (String, Option<T>)>, name: &str) -> Option<T> {
    let mut entries: Vec<_> = entries.collect();
    let place = entries.iter().position(|(entry, _)| entry == name).or((entries.len() == 1).then_some(0))?;
    entries.swap_remove(place).1
}

/// A client certificate is preferred to a static token beside it: it is what the cluster made the user for.
fn way_in(user: AuthInfo) -> Result<User, &'static str> {
    let certificate = user.client_certificate_data.filter(|data| !data.trim().is_empty());
    let key = user.client_key_data.filter(|data| !data.expose_secret().trim().is_empty());
    if let (Some(certificate), Some(key)) = (certificate, key) {
        let certificate = decoded(&certificate).ok_or("its client certificate is not base64")?;
        let key = decoded(key.expose_secret()).ok_or("its client key is not base64")?;
        return Ok(User::Certificate { certificate, key });
    }
    if let Some(exec) = user.exec {
        return Ok(User::Entra { server: server_id(&exec.args.unwrap_or_default()) });
    }
    // The way before programs: of clusters and interfaces of some years ago.
    if let Some(mut provider) = user.auth_provider {
        return Ok(User::Entra { server: provider.config.remove("apiserver-id") });
    }
    Err("its user has neither a client certificate nor a program for Entra")
}

/// The value of `--server-id`, in one word or in two.
fn server_id(args: &[String]) -> Option<String> {
    let given = args.iter().zip(args.iter().skip(1).map(Some).chain([None])).find_map(|(arg, next)| {
        match arg.strip_prefix("--server-id")? {
            "" => next.cloned(),
            rest => rest.strip_prefix('=').map(str::to_owned),
        }
    });
    given.filter(|given| !given.is_empty())
}

/// What stands in base64, which may be on several lines.
fn decoded(base64: &str) -> Option<Vec<u8>> {
    let letters: String = base64.split_ascii_whitespace().collect();
    STANDARD.decode(letters).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(user: &str) -> String {
        let ca = STANDARD.encode("CA");
        STANDARD.encode(format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: aks\npreferences: {{}}\n\
             clusters:\n- name: other\n  cluster: {{server: https://other, certificate-authority-data: {ca}}}\n\
             - name: aks\n  cluster:\n    server: https://aks.test:443\n    certificate-authority-data: {ca}\n\
             contexts:\n- name: aks\n  context: {{cluster: aks, user: u}}\n\
             users:\n- name: u\n  user:\n{user}\n"
        ))
    }

    fn certificate() -> String {
        let (cert, key) = (STANDARD.encode("CERT"), STANDARD.encode("KEY"));
        format!("    client-certificate-data: {cert}\n    client-key-data: {key}\n    token: static")
    }

    #[test]
    fn a_client_certificate_is_read_from_the_context_that_is_current() {
        let read = Kubeconfig::parse(&file(&certificate())).expect("a kubeconfig");
        assert_eq!((read.endpoint.as_str(), read.ca_pem.as_slice()), ("https://aks.test:443", &b"CA"[..]));
        assert!(matches!(read.user, User::Certificate { certificate, key } if certificate == b"CERT" && key == b"KEY"));
    }

    #[test]
    fn a_program_for_entra_names_the_application() {
        let exec = "    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      command: kubelogin\n      \
                    args: [get-token, --environment, AzurePublicCloud, --server-id, app, --client-id, other]\n      \
                    env: null\n      provideClusterInfo: false";
        let read = Kubeconfig::parse(&file(exec)).expect("a kubeconfig");
        assert_eq!(read.user, User::Entra { server: Some("app".to_owned()) });
        let old = "    auth-provider:\n      name: azure\n      config: {apiserver-id: app, client-id: x}";
        assert_eq!(
            Kubeconfig::parse(&file(old)).expect("a kubeconfig").user,
            User::Entra { server: Some("app".to_owned()) }
        );
        let bare = "    exec: {command: kubelogin}";
        assert_eq!(Kubeconfig::parse(&file(bare)).expect("a kubeconfig").user, User::Entra { server: None });
    }

    #[test]
    fn the_application_is_read_in_one_word_or_in_two() {
        let of = |args: &str| {
            let exec = format!("    exec: {{command: kubelogin, args: {args}}}");
            match Kubeconfig::parse(&file(&exec)).expect(args).user {
                User::Entra { server } => server,
                User::Certificate { .. } => panic!("{args}"),
            }
        };
        for args in ["[get-token, --server-id, app]", "[get-token, --server-id=app, --x=y]", "[--server-id=app]"] {
            assert_eq!(of(args).as_deref(), Some("app"), "{args}");
        }
        for args in ["[--server-id]", "[--server-id=]", "[--server-id-other, app]", "[]", "[app]"] {
            assert_eq!(of(args), None, "{args}");
        }
    }

    #[test]
    fn what_is_empty_is_as_good_as_absent() {
        let exec = "    exec: {command: kubelogin, args: [--server-id, app]}";
        for empty in ["\"\"", "\" \""] {
            let user = format!("    client-certificate-data: {empty}\n    client-key-data: {empty}\n{exec}");
            let read = Kubeconfig::parse(&file(&user)).expect("a kubeconfig");
            assert_eq!(read.user, User::Entra { server: Some("app".to_owned()) });
        }
        let only = "    client-certificate-data: \"\"\n    client-key-data: \"\"";
        assert!(Kubeconfig::parse(&file(only)).is_err(), "no way in");
    }

    #[test]
    fn base64_on_several_lines_is_read() {
        let user = "    client-certificate-data: \"Q0\\nVSVA==\"\n    client-key-data: |\n      S0V\n      Z";
        let read = Kubeconfig::parse(&file(user)).expect("a kubeconfig");
        assert!(matches!(read.user, User::Certificate { certificate, key } if certificate == b"CERT" && key == b"KEY"));
        let wrapped: Vec<_> = file(&certificate()).as_bytes().chunks(64).map(<[u8]>::to_vec).collect();
        let wrapped = String::from_utf8(wrapped.join(&b"\r\n"[..])).expect("ASCII");
        assert!(Kubeconfig::parse(&wrapped).is_ok());
    }

    /// The case `kubeconfig-null-args.yaml`.
    #[test]
    fn an_explicit_null_is_as_good_as_absent() {
        let case = include_str!("../../../../tests/cases/kubeconfig-null-args.yaml");
        let read = Kubeconfig::parse(&STANDARD.encode(case)).expect("a kubeconfig");
        assert_eq!(
            (read.endpoint.as_str(), &read.user),
            ("https://aks.example.com:443", &User::Entra { server: None })
        );
        let with = |from: &str, to: &str| {
            assert!(case.contains(from), "{from}");
            Kubeconfig::parse(&STANDARD.encode(case.replace(from, to)))
        };
        for (from, to) in [
            ("current-context: aks", "current-context: null"),
            ("preferences: {}", "preferences: null"),
            ("contexts:\n", "contexts:\n- null\n"),
            ("    exec:", "    client-certificate-data: null\n    client-key-data: null\n    token: null\n    exec:"),
            ("args: null", "args: [null]"),
        ] {
            assert_eq!(with(from, to).expect(to), read, "{to}");
        }
        let provider = "    auth-provider: {name: azure, config: null}\n    exec: null\n    ignored:";
        assert_eq!(with("    exec:", provider).expect("a kubeconfig").user, User::Entra { server: None });
        for (from, why) in [
            ("{server: \"https://aks.example.com:443\", certificate-authority-data: Q0E=}", "it names no cluster"),
            ("\"https://aks.example.com:443\"", "its cluster has no address or no certificate authority"),
            ("Q0E=", "its cluster has no address or no certificate authority"),
        ] {
            assert_eq!(with(from, "null"), Err(why), "{from}");
        }
        for text in ["null", "clusters: null\nusers: null\ncontexts: null\n", "~"] {
            assert_eq!(Kubeconfig::parse(&STANDARD.encode(text)), Err("it names no cluster"), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_said_without_a_quotation() {
        let secret = STANDARD.encode("SECRET: [");
        for text in ["", "%%%", &secret, &STANDARD.encode("a: 1"), &file("    token: SECRET"), &"A".repeat(LONGEST + 1)]
        {
            let why = Kubeconfig::parse(text).expect_err("no kubeconfig");
            assert!(!why.contains("SECRET"));
        }
    }

    #[test]
    fn no_key_is_in_the_debug_output() {
        let shown = format!("{:?}", Kubeconfig::parse(&file(&certificate())));
        assert!(shown.contains("aks.test") && !shown.contains("KEY") && !shown.contains("[75, "), "{shown}");
    }

    #[test]
    fn aliases_that_multiply_are_not_followed_for_ever() {
        let mut yaml = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..40 {
            yaml.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1));
        }
        assert!(Kubeconfig::parse(&STANDARD.encode(yaml)).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Kubeconfig::parse(&STANDARD.encode(bytes));
        }

        #[test]
        fn any_damage_is_read_or_refused(at in 0_usize..600, byte in any::<u8>()) {
            let mut yaml = STANDARD.decode(file(&certificate())).expect("base64");
            let at = at % yaml.len();
            yaml[at] = byte;
            let _ = Kubeconfig::parse(&STANDARD.encode(yaml));
        }
    }
}
