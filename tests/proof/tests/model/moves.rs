//! What a worker does to itself and to the stores, one move at a time.

use super::{
    document::Document,
    system::{Answer, System},
    worker::{Event, LOCK, Phase, Wish},
};

/// Once record and steps are known: there is nothing to do, or there is.
pub fn decide(system: &mut System, worker: usize) {
    let (failing, stands_still) = (system.failing, system.stands_still);
    let Phase::Looks { record: Some((document, _)), seen: Some(seen), wish } = &mut system.workers[worker].phase else {
        return;
    };
    let lock_gone = document.says_done(LOCK) && !seen[LOCK].holds && !document.is_failed_back();
    *wish = match (document.is_open(), document.is_completed()) {
        (true, _) if lock_gone && !failing => Some(Wish::Unlock),
        (true, _) if stands_still && !failing => None,
        (true, _) => Some(Wish::Resume),
        (false, true) if lock_gone => Some(if failing { Wish::Relock } else { Wish::Unlock }),
        _ if !document.has_begun() && failing => Some(Wish::Begin),
        _ => None,
    };
    if wish.is_none() {
        system.workers[worker].phase = Phase::Ended;
    }
}

/// The lease is taken; a new holder gets a new number.
pub fn acquire(system: &mut System, worker: usize, answer: Answer) {
    let name = system.name(worker);
    if system.lease.last != Some(name) || system.lease.holder.is_none() {
        system.lease.fence += 1;
    }
    (system.lease.holder, system.lease.last) = (Some(name), Some(name));
    if answer == Answer::Lost {
        return look_again(system, worker, answer);
    }
    let fence = system.lease.fence;
    if let Phase::Looks { record: Some(record), seen: Some(seen), wish: Some(wish) } =
        system.workers[worker].phase.clone()
    {
        system.workers[worker].phase = Phase::Claims { fence, record, seen, wish };
    }
}

/// It begins anew.
pub fn look_again(system: &mut System, worker: usize, answer: Answer) {
    system.budget -= u8::from(answer == Answer::Lost);
    system.workers[worker].phase = Phase::look();
}

/// Compare-and-set on the record.
pub fn store(system: &mut System, fence: u64, document: &Document, version: u8) -> bool {
    if system.version != version {
        system.refused = true;
        return false;
    }
    system.stale_write |= fence < system.document.fence();
    system.document = document.clone();
    system.version += 1;
    true
}

/// It looks at the step that it is at.
pub fn observe(system: &mut System, worker: usize) {
    let cells = system.cells;
    let Phase::Drives { fence, document, pending, step, seen, .. } = &mut system.workers[worker].phase else { return };
    if !cells[*step].holds {
        *seen = Some(cells[*step]);
        return;
    }
    match document.stepped(*fence, *step) {
        Ok(next) => {
            *document = next;
            pending.push(Event::Stepped(*step));
            *step = document.first_pending();
        }
        Err(_) => system.workers[worker].phase = Phase::Ended,
    }
}

/// Stores what is pending; after a conflict, or an answer that was lost, puts it on top of what is stored.
pub fn save(system: &mut System, worker: usize, answer: Answer) {
    let Phase::Drives { fence, document, version, pending, .. } = system.workers[worker].phase.clone() else { return };
    let stored = store(system, fence, &document, version);
    if stored && answer == Answer::Comes {
        return settle(system, worker, document, Vec::new());
    }
    system.budget -= u8::from(answer == Answer::Lost);
    let rebased = pending.iter().try_fold(system.document.clone(), |document, event| match event {
        Event::Stepped(step) => document.stepped(fence, *step),
        Event::Lapsed(step) => document.lapsed(fence, *step),
    });
    match rebased {
        Ok(document) => settle(system, worker, document, pending),
        // Another worker has it.
        Err(_) => system.workers[worker].phase = Phase::Ended,
    }
}

/// What is stored now.
pub fn settle(system: &mut System, worker: usize, now: Document, left: Vec<Event>) {
    let stored = system.version;
    if let Phase::Drives { document, version, pending, .. } = &mut system.workers[worker].phase {
        (*document, *version, *pending) = (now, stored, left);
    }
}
