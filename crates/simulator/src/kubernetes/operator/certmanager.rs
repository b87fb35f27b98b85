//! cert-manager: issues what a Certificate asks for when its Secret is missing, and never otherwise.
//!
//! A Secret that is there is adopted, whoever signed it: that is how a stale one survives (docs/reference/logscale.md#stale-tls-secrets).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::tls::{issued_secret, read_pair};
use super::{Model, ensure, set_status};
use crate::kubernetes::certificates::Pair;
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::store::{Key, Store};
use crate::kubernetes::write::text;

/// From a missing Secret to the issued one, in simulated seconds; under half a second was observed.
const ISSUE_S: f64 = 0.4;

/// One look at every Certificate.
pub(super) fn step(model: &mut Model, store: &mut Store, now: Timestamp) {
    let certificates: Vec<Value> = store.list("certificates", "").cloned().collect();
    for certificate in certificates {
        let (namespace, uid) = (text(&certificate, "namespace").to_owned(), text(&certificate, "uid").to_owned());
        let timer = format!("issue/{uid}");
        let secrets = Kind::of_plural("secrets").expect("secrets are served");
        let wanted = certificate["spec"]["secretName"].as_str().unwrap_or_default();
        if store.get(&Key::new(secrets, &namespace, wanted)).is_some() {
            model.forget(&timer);
            report(store, &certificate, true);
        } else if let Some(ca) = signer(store, &certificate) {
            if model.passed(&timer, ISSUE_S, now)
                && let Some(secret) = issued_secret(&certificate, &ca)
            {
                ensure(store, "cert-manager", &namespace, secret);
            }
        } else {
            model.forget(&timer);
            report(store, &certificate, false);
        }
    }
}

/// The CA of the Certificate's Issuer, when both are there.
fn signer(store: &Store, certificate: &Value) -> Option<Pair> {
    let namespace = text(certificate, "namespace");
    let issuers = Kind::of_plural("issuers").expect("issuers are served");
    let issuer = store.get(&Key::new(issuers, namespace, certificate["spec"]["issuerRef"]["name"].as_str()?))?;
    read_pair(store, namespace, issuer["spec"]["ca"]["secretName"].as_str()?)
}

fn report(store: &mut Store, certificate: &Value, ready: bool) {
    let (status, reason) = if ready { ("True", "Ready") } else { ("False", "IssuerNotReady") };
    let condition = json!({"type": "Ready", "status": status, "reason": reason});
    set_status(store, "cert-manager", certificate, json!({"conditions": [condition]}));
}
