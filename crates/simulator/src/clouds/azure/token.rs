//! Bearer tokens of the tenant: made here, and judged here again by whoever is shown one
//! (docs/reference/azure.md#aks-tokens, docs/reference/azure.md#managed-identity).
//!
//! Real tokens are signed with RSA; no client reads them, so ours are signed with HMAC-SHA256 and a key that only the simulator has.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::ids::Ids;
use crate::time::plus;

/// The audience of AKS, the same in all tenants of the public cloud (docs/reference/azure.md#aks-tokens).
pub const AKS_AUDIENCE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
/// How long a token is good at first: platforms give a day and keep it for hours.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is no token of three parts with claims inside.
    #[error("it is no JSON web token")]
    Malformed,
    /// Somebody else made it.
    #[error("its signature does not fit")]
    Signature,
    /// It was made for another service.
    #[error("its audience is another")]
    Audience,
    /// Its time is up.
    #[error("it has expired")]
    Expired,
}

/// Who bears a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// Object id of the principal.
    pub principal: String,
    /// The session that the token was given in; it tells the process.
    pub session: String,
}

/// The tenant's token service. Clones share it.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    key: String,
    tenant: String,
    life: Mutex<Duration>,
}

impl Issuer {
    pub(crate) fn new(seed: u64) -> Self {
        let ids = Ids::new(seed);
        let key = format!("{}{}", ids.uuid(), ids.uuid());
        Self(Arc::new(Inner { key, tenant: ids.uuid(), life: Mutex::new(LIFE) }))
    }

    /// The tenant's id.
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// Sets how long tokens made from now on are good, real; a day at first.
    pub fn set_life(&self, life: Duration) {
        *self.0.life.lock().expect("no code panics while it holds this lock") = life;
    }

    /// A token for a principal, and when it expires.
    pub fn issue(
        &self,
        principal: &str,
        client: &str,
        audience: &str,
        session: &str,
        now: Timestamp,
    ) -> (String, Timestamp) {
        let life = *self.0.life.lock().expect("no code panics while it holds this lock");
        let expires = plus(now, life);
        let claims = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{}/", self.0.tenant),
            "iat": now.as_second(), "nbf": now.as_second(), "exp": expires.as_second(),
            "appid": client, "appidacr": "2", "idtyp": "app", "oid": principal, "sub": principal,
            "tid": self.0.tenant, "uti": session, "ver": "1.0",
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(json!({"typ": "JWT", "alg": "HS256", "kid": "simulated"})), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(&text).finalize().into_bytes());
        (format!("{text}.{signature}"), expires)
    }

    fn sign(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.key.as_bytes()).expect("any length will do for HMAC");
        mac.update(text.as_bytes());
        mac
    }

    /// Says who bears `token`, if it was made here, for one of these audiences, and is still good.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn review(&self, token: &str, audiences: &[&str], now: Timestamp) -> Result<Bearer, TokenFault> {
        let (text, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let claims = claims(token).ok_or(TokenFault::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Malformed)?;
        self.sign(text).verify_slice(&signature).map_err(|_| TokenFault::Signature)?;
        let audience = claims["aud"].as_str().unwrap_or_default().trim_end_matches('/');
        if !audiences.iter().any(|wanted| wanted.trim_end_matches('/') == audience) {
            return Err(TokenFault::Audience);
        }
        if claims["exp"].as_i64().is_none_or(|expires| expires <= now.as_second()) {
            return Err(TokenFault::Expired);
        }
        let claim = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        Ok(Bearer { principal: claim("oid"), session: claim("uti") })
    }
}

/// The claims of a token, unjudged.
fn claims(token: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The session inside a token, unjudged: it only tells whose call a call is.
pub(crate) fn session(token: &str) -> Option<String> {
    claims(token)?["uti"].as_str().filter(|session| !session.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    #[test]
    fn a_token_is_good_for_its_audience_and_its_time_only() {
        let issuer = Issuer::new(1);
        let (token, expires) = issuer.issue("p", "c", "https://management.azure.com", "s", at(0));
        assert_eq!(expires, at(86_400));
        let bearer = Bearer { principal: "p".to_owned(), session: "s".to_owned() };
        assert_eq!(issuer.review(&token, &["https://management.azure.com/"], at(5)), Ok(bearer));
        assert_eq!(issuer.review(&token, &[AKS_AUDIENCE], at(5)), Err(TokenFault::Audience));
        assert_eq!(issuer.review(&token, &["https://management.azure.com"], at(86_400)), Err(TokenFault::Expired));
        assert_eq!(session(&token).as_deref(), Some("s"));
    }

    #[test]
    fn another_tenants_token_and_a_changed_one_are_refused() {
        let (ours, theirs) = (Issuer::new(1), Issuer::new(2));
        let (token, _) = theirs.issue("p", "c", AKS_AUDIENCE, "s", at(0));
        assert_eq!(ours.review(&token, &[AKS_AUDIENCE], at(5)), Err(TokenFault::Signature));
        assert_eq!(ours.review("admin", &[AKS_AUDIENCE], at(5)), Err(TokenFault::Malformed));
    }
}
