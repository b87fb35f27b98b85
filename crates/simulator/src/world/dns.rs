//! Which site the global name answers with, by Route 53's failover rules (facts 4.4).

use super::words::Site;

/// The answer of a failover pair. `standby` is `None` when the secondary record has no health check.
pub(crate) fn answer(primary_healthy: bool, standby: Option<bool>) -> Site {
    match (primary_healthy, standby) {
        (true, _) => Site::Primary,
        (false, Some(false)) => Site::Primary,
        (false, Some(true) | None) => Site::Standby,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_both_are_unhealthy_the_answer_is_the_primary() {
        assert_eq!(answer(false, Some(false)), Site::Primary);
    }

    #[test]
    fn a_secondary_without_a_check_answers_whenever_the_primary_is_unhealthy() {
        assert_eq!(answer(false, None), Site::Standby);
        assert_eq!(answer(true, None), Site::Primary);
    }

    #[test]
    fn a_healthy_primary_always_answers() {
        assert_eq!(answer(true, Some(true)), Site::Primary);
        assert_eq!(answer(false, Some(true)), Site::Standby);
    }
}
