//! Which door admits what: `HOLDFAST_ADMITS`.
//!
//! Whoever may call the function may ask it for everything, and a timer must be able to do everything. So what is
//! bounded is the way in: an alias on AWS, a function or one of its keys on Azure, a kind of caller on OCI.

use holdfast_core::{
    action::{ACTIONS, Action},
    fault::quoted,
};

use holdfast_settings::Reader;

/// The variable.
const NAME: &str = "HOLDFAST_ADMITS";

/// Stands for every door that has no entry of its own.
const ANY: &str = "*";

/// Longest name of a door: that of an alias of Lambda.
const LONGEST: usize = 128;

/// What a call may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// An alarm, or an alert.
    Alarm,
    /// The timer.
    Tick,
    /// A person, with this action.
    Operator(Action),
}

impl Errand {
    /// Its word in the setting.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Tick => "tick",
            Self::Operator(action) => action.name(),
        }
    }
}

/// What each door admits. Without the setting every door admits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doors(Vec<Door>);

/// One entry of the setting.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Door {
    name: String,
    admits: Vec<&'static str>,
}

/// Every word that an entry may hold, beside `all` and `none`.
fn words() -> impl Iterator<Item = &'static str> {
    ["alarm", "tick"].into_iter().chain(ACTIONS.map(|rule| rule.name))
}

impl Doors {
    /// Reads `HOLDFAST_ADMITS`: entries `DOOR=WORD,WORD`, separated by `;`. A list without a door is that of `*`.
    /// `known` are the doors that this cloud has, where that is known beforehand; a key is written behind its door
    /// and a colon.
    pub(crate) fn read(read: &mut Reader<'_>, known: &[&str]) -> Self {
        let Some(text) = read.text(NAME) else { return Self::default() };
        let entries: Option<Vec<Door>> =
            text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| door(entry, known)).collect();
        let doors = entries.filter(|doors| !doors.is_empty() && all_differ(doors)).map(Self);
        doors.unwrap_or_else(|| {
            let doors = if known.is_empty() { "an alias, $LATEST; on OCI a kind of caller" } else { &known.join(", ") };
            let words: Vec<_> = words().collect();
            let allowed = format!(
                "DOOR=WORD,WORD;DOOR=... with each door once ({doors} or *) and words of {}, all, none",
                words.join(", ")
            );
            read.fault(NAME, &allowed);
            Self::default()
        })
    }

    /// True when a call through the first of `doors` that has an entry may be about `errand`. The most special name
    /// of the door comes first. A door without an entry admits what `*` admits, and without that nothing.
    pub fn admits(&self, doors: &[&str], errand: Errand) -> bool {
        self.0.is_empty() || self.entry(doors).is_some_and(|door| door.admits.contains(&errand.name()))
    }

    /// Why not, for an answer and a log.
    pub fn refusal(&self, doors: &[&str], errand: Errand) -> String {
        let door = doors.first().map(|door| quoted(door)).unwrap_or_default();
        let admits = self.entry(doors).map(|door| door.admits.join(", ")).filter(|words| !words.is_empty());
        let admits = admits.unwrap_or_else(|| "nothing".to_owned());
        format!("{} is not admitted by the door {door:?}, which admits {admits} ({NAME})", errand.name())
    }

    /// The words that no door admits, to be said once at start.
    pub fn shut_out(&self) -> Vec<&'static str> {
        let admitted = |word: &&str| self.0.is_empty() || self.0.iter().any(|door| door.admits.contains(word));
        words().filter(|word| !admitted(word)).collect()
    }

    fn entry(&self, doors: &[&str]) -> Option<&Door> {
        let named = |name: &&str| self.0.iter().find(|door| door.name.eq_ignore_ascii_case(name));
        doors.iter().chain([&ANY]).find_map(named)
    }
}

fn door(entry: &str, known: &[&str]) -> Option<Door> {
    let (name, list) = entry.split_once('=').unwrap_or((ANY, entry));
    let name = name.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_$:.*".contains(c);
    let function = name.split_once(':').map_or(name, |(function, _)| function);
    let exists = known.is_empty() || function == ANY || known.iter().any(|one| one.eq_ignore_ascii_case(function));
    let shaped = (1..=LONGEST).contains(&name.len()) && name.chars().all(allowed);
    (exists && shaped).then_some(())?;
    let mut admits = Vec::new();
    for word in list.split(',').map(str::trim) {
        match word {
            "all" => admits.extend(words()),
            "none" => {}
            word => admits.push(words().find(|known| *known == word)?),
        }
    }
    Some(Door { name: name.to_owned(), admits })
}

fn all_differ(doors: &[Door]) -> bool {
    let same = |at: usize, door: &Door| doors[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&door.name));
    !doors.iter().enumerate().any(|(at, door)| same(at, door))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const OPERATOR: Errand = Errand::Operator(Action::FailOver);

    fn read(text: &str, known: &[&str]) -> Result<Doors, String> {
        let variables = BTreeMap::from([(NAME.to_owned(), text.to_owned())]);
        let mut reader = Reader::new(&variables);
        let doors = Doors::read(&mut reader, known);
        reader.finish(doors).map_err(|faults| faults.to_string())
    }

    fn doors(text: &str) -> Doors {
        read(text, &[]).expect(text)
    }

    #[test]
    fn without_the_setting_every_door_admits_everything() {
        let doors = Doors::default();
        for errand in [Errand::Alarm, Errand::Tick, OPERATOR] {
            assert!(doors.admits(&["any"], errand) && doors.admits(&[], errand));
        }
        assert!(doors.shut_out().is_empty());
    }

    #[test]
    fn a_door_admits_what_its_entry_lists_and_an_unlisted_door_nothing() {
        let doors = doors("live=alarm,tick; operator = failover , plan,preflight,acknowledge");
        assert!(doors.admits(&["live"], Errand::Alarm) && doors.admits(&["live"], Errand::Tick));
        assert!(!doors.admits(&["live"], OPERATOR));
        assert!(doors.admits(&["operator"], OPERATOR) && !doors.admits(&["operator"], Errand::Tick));
        assert!(doors.admits(&["operator"], Errand::Operator(Action::Acknowledge { abort: true })));
        assert!(!doors.admits(&["operator"], Errand::Operator(Action::Pause { lasts: None })));
        assert!(!doors.admits(&["$LATEST"], Errand::Tick) && !doors.admits(&[], Errand::Tick));
        assert_eq!(
            doors.shut_out(),
            ["approve", "switchover", "failback", "rehearse", "finish", "status", "pause", "resume", "notify-test"]
        );
    }

    #[test]
    fn a_star_stands_for_the_other_doors_and_a_bare_list_is_its_own() {
        for text in ["*=alarm,tick;operator=all", "alarm,tick;operator=all"] {
            let doors = doors(text);
            assert!(doors.admits(&["live"], Errand::Alarm) && !doors.admits(&["live"], OPERATOR), "{text}");
            assert!(doors.admits(&["operator"], OPERATOR), "{text}");
        }
        assert!(!doors("*=all;old=none").admits(&["old"], Errand::Tick));
    }

    #[test]
    fn the_most_special_name_of_a_door_decides() {
        let doors = read("Operator=plan,status;Operator:on-call=all;*=all", &["Alarm", "Operator"]).expect("sound");
        assert!(doors.admits(&["Operator:on-call", "Operator"], OPERATOR));
        assert!(!doors.admits(&["Operator:other", "Operator"], OPERATOR));
        assert!(!doors.admits(&["operator"], OPERATOR), "functions are named without case");
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_refused_with_what_is_allowed() {
        for text in ["live=alarms", "live=", "=alarm", ";", "a b=tick", "live=tick;LIVE=alarm", "live=tick,,alarm"] {
            let said = read(text, &[]).expect_err(text);
            assert!(said.contains("HOLDFAST_ADMITS=") && said.contains("alarm, tick, failover"), "{said}");
        }
        assert!(read("Oprator=plan", &["Alarm", "Operator"]).expect_err("unknown").contains("Alarm, Operator or *"));
    }

    #[test]
    fn a_refusal_names_the_errand_the_door_and_what_it_admits() {
        let doors = doors("live=alarm,tick");
        let said = doors.refusal(&["live"], Errand::Operator(Action::Pause { lasts: None }));
        assert_eq!(said, "pause is not admitted by the door \"live\", which admits alarm, tick (HOLDFAST_ADMITS)");
        assert!(doors.refusal(&["x"], OPERATOR).contains("admits nothing"));
    }
}
