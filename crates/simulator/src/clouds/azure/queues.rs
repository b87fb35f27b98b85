//! Storage queues: messages that are seen by one at a time, for a while, and come back unless they are deleted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;

use crate::ids::Ids;
use crate::time::{self, plus};

/// A message lives for a week unless its sender says otherwise.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// UUID.
    pub id: String,
    /// As it was put.
    pub text: String,
    /// When it was put.
    pub inserted: Timestamp,
    /// When it is thrown away.
    pub expires: Timestamp,
    /// Nobody sees it before this.
    pub visible: Timestamp,
    /// The key of whoever has got it last; needed to delete or to change it.
    pub receipt: String,
    /// How often it was got.
    pub count: u32,
}

/// Why a message cannot be deleted or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Miss {
    /// It is not there.
    NotFound,
    /// Somebody else has got it since.
    Receipt,
}

/// All queues of the storage account. To the Functions host a queue is there as soon as it is named, as the real host
/// makes its queues itself; over the wire it must have been made. Clones share it.
#[derive(Clone)]
pub struct Queues(Arc<Inner>);

struct Inner {
    ids: Ids,
    queues: Mutex<BTreeMap<String, Vec<Message>>>,
}

impl Queues {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Inner { ids: Ids::new(seed), queues: Mutex::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Message>>> {
        self.0.queues.lock().expect("no code panics while it holds this lock")
    }

    /// Makes a queue. False when there is one already.
    pub(crate) fn create(&self, queue: &str) -> bool {
        let mut queues = self.lock();
        let is_new = !queues.contains_key(queue);
        queues.entry(queue.to_owned()).or_default();
        is_new
    }

    /// Whether a queue is there.
    pub(crate) fn has(&self, queue: &str) -> bool {
        self.lock().contains_key(queue)
    }

    /// Everything in a queue, seen or not, oldest first.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        self.lock().get(queue).cloned().unwrap_or_default()
    }

    /// Puts a message, which stays out of sight for `hidden`.
    pub(crate) fn put(&self, queue: &str, text: &str, hidden: Duration, life: Option<Duration>) -> Message {
        let now = time::now();
        let message = Message {
            id: self.0.ids.uuid(),
            text: text.to_owned(),
            inserted: now,
            expires: plus(now, life.unwrap_or(LIFE)),
            visible: plus(now, hidden),
            receipt: self.0.ids.uuid(),
            count: 0,
        };
        self.lock().entry(queue.to_owned()).or_default().push(message.clone());
        message
    }

    /// Gets up to `most` messages that can be seen, and hides them for a while.
    pub(crate) fn get(&self, queue: &str, most: usize, hide: Duration) -> Vec<Message> {
        let now = time::now();
        let mut queues = self.lock();
        let messages = queues.entry(queue.to_owned()).or_default();
        messages.retain(|message| message.expires > now);
        let seen = messages.iter_mut().filter(|message| message.visible <= now).take(most);
        let got = seen.map(|message| {
            message.visible = plus(now, hide);
            message.receipt = self.0.ids.uuid();
            message.count += 1;
            message.clone()
        });
        got.collect()
    }

    fn held<'a>(messages: &'a mut [Message], id: &str, receipt: &str) -> Result<(usize, &'a mut Message), Miss> {
        let found = messages.iter_mut().enumerate().find(|(_, message)| message.id == id).ok_or(Miss::NotFound)?;
        if found.1.receipt == receipt { Ok(found) } else { Err(Miss::Receipt) }
    }

    /// Deletes a message that was got under this receipt.
    pub(crate) fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<(), Miss> {
        let mut queues = self.lock();
        let messages = queues.entry(queue.to_owned()).or_default();
        let (index, _) = Self::held(messages, id, receipt)?;
        messages.remove(index);
        Ok(())
    }

    /// Changes when a message can be seen again, and perhaps its text. Gives the message with its new receipt.
    pub(crate) fn update(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        hide: Duration,
        text: Option<String>,
    ) -> Result<Message, Miss> {
        let mut queues = self.lock();
        let (_, message) = Self::held(queues.entry(queue.to_owned()).or_default(), id, receipt)?;
        message.visible = plus(time::now(), hide);
        message.receipt = self.0.ids.uuid();
        if let Some(text) = text {
            message.text = text;
        }
        Ok(message.clone())
    }

    /// Lets a message be seen again although somebody has it: its lease is lost.
    pub(crate) fn lose_lease(&self, queue: &str, id: &str) {
        let mut queues = self.lock();
        let messages = queues.entry(queue.to_owned()).or_default();
        if let Some(message) = messages.iter_mut().find(|message| message.id == id) {
            message.visible = time::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_message_that_was_got_is_seen_by_nobody_else_until_its_time_is_up() {
        let queues = Queues::new(1);
        queues.put("q", "a", Duration::ZERO, None);
        assert_eq!(queues.get("q", 16, HOUR).len(), 1);
        assert!(queues.get("q", 16, HOUR).is_empty());
    }

    #[test]
    fn a_hidden_message_comes_later() {
        let queues = Queues::new(1);
        queues.put("q", "a", HOUR, None);
        assert!(queues.get("q", 16, HOUR).is_empty());
        assert_eq!(queues.messages("q").len(), 1);
    }

    #[test]
    fn only_the_last_to_get_it_can_delete_it() {
        let queues = Queues::new(1);
        queues.put("q", "a", Duration::ZERO, None);
        let first = queues.get("q", 1, HOUR).remove(0);
        queues.lose_lease("q", &first.id);
        let second = queues.get("q", 1, HOUR).remove(0);
        assert_eq!((first.count, second.count), (1, 2));
        assert_eq!(queues.delete("q", &first.id, &first.receipt), Err(Miss::Receipt));
        assert_eq!(queues.delete("q", &second.id, &second.receipt), Ok(()));
        assert_eq!(queues.delete("q", &second.id, &second.receipt), Err(Miss::NotFound));
    }
}
