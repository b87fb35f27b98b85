//! Bearer tokens of OKE: a signed request for the cluster, as a URL in base64 (docs/reference/oci.md#oke).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;

use super::policy::PolicyJudge;
use super::principals::{self, Principal, Principals};
use super::request::decoded;
use super::signature::{Authorization, Signed};
use super::{CLUSTER_ID, DYNAMIC_GROUP_ID, FUNCTION_ID, OPERATOR_ID, STANDBY_REGION, need_of_the_cluster};
use crate::kubernetes::Identity;

/// The longest token that is read.
const LONGEST: usize = 16 * 1024;

/// A token, taken apart.
struct Token {
    authorization: Authorization,
    date: String,
}

/// The session of the container that made a token.
pub(super) fn session(bearer: &str) -> Option<String> {
    principals::session(&read(bearer)?.authorization.key_id)
}

/// Who bears a token: the user is the principal, its groups are those of IAM and the dynamic ones. Nobody, where the signature does not
/// hold or no statement lets the principal use the cluster.
pub(super) fn review(principals: &Principals, judge: &PolicyJudge, bearer: &str, now: Timestamp) -> Option<Identity> {
    let token = read(bearer)?;
    let known = principals.find(&token.authorization.key_id)?;
    let (host, target) = (host(), format!("/cluster_request/{CLUSTER_ID}"));
    let header = |name: &str| match name {
        "host" => Some(host.clone()),
        "date" => Some(token.date.clone()),
        _ => None,
    };
    let signed = Signed { method: "GET", target: &target, header: &header, body: None };
    token.authorization.verify(&signed, &known.public, now).ok()?;
    let authenticated = "system:authenticated".to_owned();
    match known.principal {
        Principal::Operator => {
            let groups = vec!["system:masters".to_owned(), authenticated];
            Some(Identity { user: OPERATOR_ID.to_owned(), groups })
        }
        Principal::Function { .. } => {
            let need = need_of_the_cluster("use", CLUSTER_ID);
            let identity =
                Identity { user: FUNCTION_ID.to_owned(), groups: vec![DYNAMIC_GROUP_ID.to_owned(), authenticated] };
            judge.allows("containerengine:UseCluster", &need).then_some(identity)
        }
    }
}

/// Without `.oci.`.
fn host() -> String {
    format!("containerengine.{STANDBY_REGION}.oraclecloud.com")
}

fn read(bearer: &str) -> Option<Token> {
    let url = URL_SAFE.decode(bearer.get(..bearer.len().min(LONGEST))?).ok()?;
    let url = String::from_utf8(url).ok()?;
    let query = url.strip_prefix(&format!("https://{}/cluster_request/{CLUSTER_ID}?", host()))?;
    let get = |wanted: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| decoded(value))
    };
    Some(Token { authorization: Authorization::read(&get("authorization")?).ok()?, date: get("date")? })
}
