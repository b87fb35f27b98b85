//! A topic of a cloud: sentences for those who subscribed to it by mail or chat, and labels for the filters of
//! subscriptions.

use async_trait::async_trait;
use holdfast_core::{
    Fault,
    news::{News, Urgency},
};

/// Longest subject, in characters: SNS takes fewer than 100 (docs/reference/aws.md#sns-envelope).
const LONGEST_SUBJECT: usize = 99;

/// A message as a topic takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One line of printable ASCII, at most 99 characters.
    pub subject: String,
    /// Sentences, a line each.
    pub text: String,
    /// Names and values for the filters of subscriptions.
    pub labels: [(&'static str, String); 3],
}

/// A topic of a cloud, to which people subscribe.
#[async_trait]
pub trait Topic: Send + Sync {
    /// The name of the receiver, the same for ever: the record keeps what it was told.
    fn name(&self) -> &'static str;

    /// Publishes one message, in one attempt.
    ///
    /// # Errors
    /// A fault means that nobody may have got it.
    async fn publish(&self, notice: &Notice) -> Result<(), Fault>;
}

/// `news` of `site`, as people read it.
pub fn notice(site: &str, news: &News) -> Notice {
    let line = format!("{site}: {}", news.says);
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let listed = |title: &str, lines: &[String]| match lines {
        [] => String::new(),
        lines => format!("\n{title}\n- {}\n", lines.join("\n- ")),
    };
    let urgency = match news.occasion.urgency() {
        Urgency::High => "high",
        Urgency::Low => "low",
    };
    let execution = news.execution.as_ref().map(|id| format!("\nexecution: {id}")).unwrap_or_default();
    Notice {
        subject: line.chars().map(printable).take(LONGEST_SUBJECT).collect(),
        text: format!(
            "{line}\n{}{}\nWhat to do: {}\n\nat: {}\noccasion: {}\nincident: {site}/{}{execution}\n",
            listed("Why:", &news.why),
            listed("Still owed:", &news.owed),
            news.next,
            news.at,
            news.occasion.name(),
            news.incident
        ),
        labels: [
            ("occasion", news.occasion.name().to_owned()),
            ("urgency", urgency.to_owned()),
            ("incident", format!("{site}/{}", news.incident)),
        ],
    }
}
