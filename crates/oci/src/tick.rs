//! The alarm that always fires and repeats: the function's timer. The platform's own schedules are made for hours.

use std::sync::Arc;

use holdfast_core::{Call, Fault, evidence::Level, fault::quoted};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::{
    client::{Oci, Sent},
    endpoint::Service,
    ocid::Ocid,
};

const LIST: &str = "monitoring:ListAlarms";
const GET: &str = "monitoring:GetAlarm";

/// A tick that comes less often than this many seconds leaves what is owed undone for long.
const SELDOM_S: i64 = 300;

/// The alarms that are the tick.
#[derive(Clone, Debug)]
pub struct TickAlarms {
    region: String,
    compartment: Option<Ocid>,
    named: Vec<String>,
}

/// An alarm as far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alarm {
    is_enabled: bool,
    #[serde(default)]
    lifecycle_state: String,
    #[serde(default)]
    repeat_notification_duration: Option<String>,
}

/// One of a list of alarms, which does not tell all of them.
#[derive(Deserialize)]
struct Listed {
    id: String,
}

impl TickAlarms {
    /// The alarms of these names or OCIDs in `region`. Names are looked for in `compartment`.
    pub fn new(region: String, compartment: Option<Ocid>, named: Vec<String>) -> Self {
        Self { region, compartment, named }
    }

    /// How the first of them stands.
    ///
    /// # Errors
    /// Faults of the interface.
    pub async fn look(&self, call: &Call, oci: &Arc<Oci>) -> Result<(Level, String), Fault> {
        let Some(id) = self.id(call, oci).await? else {
            let names = self.named.join(", ");
            return Ok((Level::Warning, format!("there is no alarm {names}: nothing owed is driven on by itself")));
        };
        let sent = Sent::get(format!("/20180401/alarms/{id}"));
        let alarm = oci.ask(call, GET, Service::Monitoring, &self.region, sent).await?;
        Ok(judged(&alarm.json()?))
    }

    async fn id(&self, call: &Call, oci: &Arc<Oci>) -> Result<Option<Ocid>, Fault> {
        if let Some(id) = self.named.iter().find_map(|name| Ocid::parse(name)) {
            return Ok(Some(id));
        }
        let (Some(compartment), Some(name)) = (&self.compartment, self.named.first()) else { return Ok(None) };
        let path = format!("/20180401/alarms?compartmentId={compartment}&displayName={}", encoded(name));
        let answer = oci.ask(call, LIST, Service::Monitoring, &self.region, Sent::get(path)).await?;
        let listed: Vec<Listed> = answer.json()?;
        Ok(listed.first().and_then(|alarm| Ocid::parse(&alarm.id)))
    }
}

/// Whether it comes, and often enough.
fn judged(alarm: &Alarm) -> (Level, String) {
    let warning = |found: String| (Level::Warning, found);
    if !alarm.is_enabled || alarm.lifecycle_state.starts_with("DELET") {
        return warning("the alarm is disabled: no tick comes".to_owned());
    }
    let Some(every) = alarm.repeat_notification_duration.as_deref() else {
        return warning(
            "the alarm does not repeat: one tick comes and no other; set repeatNotificationDuration".to_owned(),
        );
    };
    let every_s = every.parse::<SignedDuration>().ok().map(|every| every.as_secs());
    match every_s {
        Some(1..=SELDOM_S) => (Level::Good, format!("it repeats each {}", quoted(every))),
        _ => warning(format!("it repeats each {}: set repeatNotificationDuration to PT1M", quoted(every))),
    }
}

/// A name as a query holds it.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Reply, Server, call};

    async fn looked(replies: Vec<Reply>, name: &str) -> (Result<(Level, String), Fault>, Vec<String>) {
        let server = Server::start(replies).await;
        let compartment = Ocid::parse("ocid1.compartment.oc1..aaaa");
        let alarms = TickAlarms::new("us-chicago-1".to_owned(), compartment, vec![name.to_owned()]);
        let seen = alarms.look(&call(), &server.oci()).await;
        (seen, server.requests().into_iter().map(|request| request.path).collect())
    }

    fn alarm(enabled: bool, repeats: Option<&str>) -> Reply {
        Reply::json(
            200,
            &json!({"id": "x", "isEnabled": enabled, "lifecycleState": "ACTIVE", "repeatNotificationDuration": repeats}),
        )
    }

    #[tokio::test]
    async fn a_tick_must_be_there_be_enabled_and_repeat_often() {
        let id = "ocid1.alarm.oc1..aaaatick";
        for (enabled, repeats, level) in [
            (true, Some("PT1M"), Level::Good),
            (true, Some("PT5M"), Level::Good),
            (true, Some("PT1H"), Level::Warning),
            (true, Some("often"), Level::Warning),
            (true, None, Level::Warning),
            (false, Some("PT1M"), Level::Warning),
        ] {
            let (seen, paths) = looked(vec![alarm(enabled, repeats)], id).await;
            assert_eq!(seen.expect("seen").0, level, "{repeats:?}");
            assert_eq!(paths, [format!("/us-chicago-1/20180401/alarms/{id}")]);
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_for_in_the_compartment_and_may_not_be_there() {
        let listed = Reply::json(200, &json!([{"id": "ocid1.alarm.oc1..aaaatick", "displayName": "my tick"}]));
        let (seen, paths) = looked(vec![listed, alarm(true, Some("PT1M"))], "my tick").await;
        assert_eq!(seen.expect("seen").0, Level::Good);
        let path = "/us-chicago-1/20180401/alarms?compartmentId=ocid1.compartment.oc1..aaaa&displayName=my%20tick";
        assert_eq!(paths[0], path);
        let (seen, _) = looked(vec![Reply::text(200, "[]")], "tick").await;
        assert_eq!(seen.expect("seen").0, Level::Warning);
        let (seen, _) = looked(vec![Reply::error(404, "NotAuthorizedOrNotFound")], "tick").await;
        assert!(seen.is_err());
    }
}
