//! The two spellings of an alarm message, and whether it is ours (docs/reference/oci.md#alarms).

use holdfast_core::Timestamp;
use holdfast_site::json;
use serde_json::Value;

use super::{
    AlarmEvent, Filter, Incoming,
    ignored::{self, IgnoredReason},
    text, whole,
};

/// An alarm has at most so many streams in one message (docs/reference/oci.md#alarms).
const MOST_STREAMS: usize = 100;

/// What a message tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It began to fire.
    Fires,
    /// It fires still.
    Repeats,
    /// It is over.
    Over,
    /// It is reset, because nothing was heard of the resource for long: no proof of recovery.
    Reset,
}

/// The message, understood.
pub(super) fn parse(message: &Value, filter: &Filter) -> Incoming {
    if !message.is_object() {
        return Incoming::Ignored(ignored::not_an_alarm());
    }
    let parsed = match json::at(message, "alarmMetaData").and_then(Value::as_array) {
        Some(entries) => current(message, entries, filter),
        None => older(message, filter),
    };
    parsed.unwrap_or_else(Incoming::Ignored)
}

/// A message of today: one entry for each alarm in it, as a rule one.
fn current(message: &Value, entries: &[Value], filter: &Filter) -> Result<Incoming, IgnoredReason> {
    let name = text(message, "title").unwrap_or_else(|| "without a title".to_owned());
    let title = whole(message, "title");
    let is_of = |listed: &[String]| {
        let mine = |entry: &&Value| {
            let named = [title, whole(entry, "id")];
            listed.iter().any(|one| named.iter().flatten().any(|name| name.eq_ignore_ascii_case(one.trim())))
        };
        entries.iter().filter(mine).collect::<Vec<_>>()
    };
    let (ticks, listed) = (is_of(&filter.ticks), is_of(&filter.alarms));
    let is_tick = !ticks.is_empty();
    let ours: Vec<&Value> = match (is_tick, listed.is_empty()) {
        (true, _) => ticks,
        (false, false) => listed,
        (false, true) => entries.iter().filter(|entry| watches(entry, &filter.resources)).collect(),
    };
    let Some(first) = ours.first() else {
        let id = entries.first().and_then(|entry| text(entry, "id"));
        return Err(ignored::not_ours(&name, id.as_deref()));
    };
    let kind = kind(message, &ours).map_err(|word| ignored::other_type(&name, &word))?;
    let fires = ours.iter().any(|entry| is(whole(entry, "status"), "FIRING"));
    match kind {
        Kind::Over => Err(ignored::over(&name)),
        Kind::Reset => Err(ignored::reset(&name)),
        Kind::Fires | Kind::Repeats if !fires => {
            let state = text(first, "status").unwrap_or_else(|| "unknown".to_owned());
            Err(ignored::other_state(&name, &state))
        }
        Kind::Fires | Kind::Repeats if is_tick => Ok(Incoming::Tick),
        Kind::Fires | Kind::Repeats => Ok(Incoming::Alarm(AlarmEvent {
            id: text(first, "id"),
            changed_at: made_at(message),
            dedupe_key: text(message, "dedupeKey"),
            repeated: kind == Kind::Repeats,
            name,
        })),
    }
}

/// What the message says that it tells of. One without a type tells of what its entries say.
fn kind(message: &Value, ours: &[&Value]) -> Result<Kind, String> {
    let Some(word) = text(message, "type") else {
        let fires = ours.iter().any(|entry| is(whole(entry, "status"), "FIRING"));
        return Ok(if fires { Kind::Fires } else { Kind::Over });
    };
    match word.to_ascii_uppercase().as_str() {
        "OK_TO_FIRING" => Ok(Kind::Fires),
        "REPEAT" => Ok(Kind::Repeats),
        "FIRING_TO_OK" => Ok(Kind::Over),
        "RESET" => Ok(Kind::Reset),
        _ => Err(word),
    }
}

/// True for an alarm whose query or dimensions name one of the resources.
fn watches(entry: &Value, resources: &[String]) -> bool {
    let query = whole(entry, "query").unwrap_or_default();
    let streams = json::at(entry, "dimensions").and_then(Value::as_array);
    let named = |resource: &str| {
        let mut streams = streams.into_iter().flatten().take(MOST_STREAMS);
        let in_query = query.split(['"', '\'']).any(|part| part.eq_ignore_ascii_case(resource));
        in_query || streams.any(|stream| is(whole(stream, "resourceId"), resource))
    };
    resources.iter().map(|resource| resource.trim()).filter(|resource| !resource.is_empty()).any(named)
}

/// A message of the spelling before it, which names nothing but itself: it must be listed by its name.
fn older(message: &Value, filter: &Filter) -> Result<Incoming, IgnoredReason> {
    let (Some(name), Some(state)) = (text(message, "alarm-name"), text(message, "alarm-state")) else {
        return Err(ignored::not_an_alarm());
    };
    let is_listed = |listed: &[String]| listed.iter().any(|one| is(whole(message, "alarm-name"), one.trim()));
    let is_tick = is_listed(&filter.ticks);
    if !is_tick && !is_listed(&filter.alarms) {
        return Err(ignored::not_ours(&name, None));
    }
    match state.to_ascii_uppercase().as_str() {
        "FIRING" if is_tick => Ok(Incoming::Tick),
        "FIRING" => Ok(Incoming::Alarm(AlarmEvent {
            name,
            id: None,
            changed_at: made_at(message),
            dedupe_key: text(message, "dedupeKey"),
            repeated: false,
        })),
        "OK" => Err(ignored::over(&name)),
        _ => Err(ignored::other_state(&name, &state)),
    }
}

/// When the message was made: in words, or in milliseconds.
fn made_at(message: &Value) -> Option<Timestamp> {
    let words = whole(message, "timestamp").and_then(|time| time.parse().ok());
    let number = || json::at(message, "timestampEpochMillis").and_then(Value::as_i64);
    words.or_else(|| number().and_then(|number| Timestamp::from_millisecond(number).ok()))
}

fn is(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(word))
}
