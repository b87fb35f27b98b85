//! Certificate authorities and leaves, as humio-operator and cert-manager make them.

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

/// A CA: its certificate and its key, in PEM.
pub struct Ca {
    certificate: String,
    key: String,
}

impl Ca {
    /// A new one. All are called the same, as the operator has it.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "humio-operator");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("the operating system gives random numbers");
        let certificate = params.self_signed(&key).expect("the parameters are valid");
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// The one in the CA secret `secret`.
    pub fn of(secret: &Value) -> Self {
        let entry = |name: &str| {
            let bytes = STANDARD.decode(secret["data"][name].as_str().expect("an entry")).expect("base64");
            String::from_utf8(bytes).expect("PEM is text")
        };
        Self { certificate: entry("tls.crt"), key: entry("tls.key") }
    }

    /// The entries of a CA secret.
    pub fn pair(&self) -> Value {
        data(&[("tls.crt", &self.certificate), ("tls.key", &self.key)])
    }

    /// The entries of a secret that this CA signed: `ca.crt`, `tls.crt`, `tls.key`.
    pub fn issue(&self, name: &str) -> Value {
        self.issue_naming(name, self)
    }

    /// The same with the certificate of another CA in `ca.crt`.
    pub fn issue_naming(&self, name: &str, named: &Self) -> Value {
        let key = KeyPair::from_pem(&self.key).expect("a key in PEM");
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, key).expect("a CA in PEM");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("the operating system gives random numbers");
        let leaf = params.signed_by(&key, &issuer).expect("the parameters are valid");
        data(&[("ca.crt", &named.certificate), ("tls.crt", &leaf.pem()), ("tls.key", &key.serialize_pem())])
    }
}

impl Default for Ca {
    fn default() -> Self {
        Self::new()
    }
}

/// Entries of a secret, as they are sent.
pub fn data(entries: &[(&str, &str)]) -> Value {
    entries.iter().map(|(name, text)| ((*name).to_owned(), json!(STANDARD.encode(text)))).collect()
}
