use super::*;
use crate::{
    kind::Kind,
    record::{Kept, Summary, Told},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn ended(id: &str) -> Summary {
    Summary { id: id.to_owned(), kind: Kind::Failover, started_at: at(0), finished_at: None, status: Status::Aborted }
}

#[test]
fn an_incident_keeps_the_name_under_which_it_was_told_and_else_follows_the_execution_before() {
    let fresh = State::default();
    assert_eq!(incident(&fresh), "first");
    let after = State { past: ["a", "b"].map(|id| Kept::of(ended(id))).into(), ..State::default() };
    assert_eq!(incident(&after), "after-a");
    let told = State { told: Some(Kept::of(Told::of("after-x"))), ..after };
    assert_eq!(incident(&told), "after-x");
}

#[test]
fn a_long_list_of_reasons_is_told_by_its_last_ones() {
    let reasons: Vec<_> = (0..40).map(|_| Reason::NothingToDo).chain([Reason::NothingStands]).collect();
    let told = sentences(&reasons);
    assert_eq!(told.len(), MOST_SENTENCES);
    assert_eq!(told.last(), Some(&Reason::NothingStands.to_string()));
}
