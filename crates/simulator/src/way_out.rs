//! The function's way out of the standby's network, and what is lost with it: see [`outside`](crate::outside).

use std::sync::{Arc, Mutex, PoisonError};

use crate::conditions::Lost;
use crate::faults::Fault;
use crate::net::Entry;
use crate::timeline::{EventKind, Timeline};

/// The function's way out of the standby's network. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct WayOut {
    lost: Arc<Mutex<Option<Lost>>>,
    /// The services that are reached by it, each as the beginning of the names of its calls.
    services: Vec<&'static str>,
}

impl WayOut {
    /// The way out to these services.
    pub(crate) fn to(services: Vec<&'static str>) -> Self {
        Self { services, ..Self::default() }
    }

    fn lost(&self) -> Option<Lost> {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the way out, or gives it back, and records it.
    pub(crate) fn set(&self, lost: Option<Lost>, timeline: &Timeline) {
        let mut now = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != lost {
            *now = lost;
            timeline.record_event(lost.map_or(EventKind::WayOutBack, |how| EventKind::WayOutLost { how }));
        }
    }

    /// How a host beyond it takes a connection.
    pub(crate) fn entry(&self) -> Entry {
        match self.lost() {
            None => Entry::Open,
            Some(Lost::Silent) => Entry::Silent,
            Some(Lost::Refused) => Entry::Reset,
        }
    }

    /// What becomes of a call to a service beyond it on a connection that is open already.
    pub(crate) fn fault(&self, call: &str) -> Option<Fault> {
        let lost = self.lost().filter(|_| self.services.iter().any(|service| call.starts_with(service)))?;
        Some(if lost == Lost::Silent { Fault::Hang } else { Fault::Cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_beyond_the_way_out_is_lost_with_it() {
        let (way_out, timeline) = (WayOut::to(vec!["route53:", "cloudwatch:", "arm:"]), Timeline::new());
        assert_eq!((way_out.fault("route53:GetHealthCheck"), way_out.entry()), (None, Entry::Open));
        way_out.set(Some(Lost::Silent), &timeline);
        way_out.set(Some(Lost::Silent), &timeline);
        for call in ["route53:GetHealthCheck", "cloudwatch:GetMetricData", "arm:GET:metrics"] {
            assert_eq!(way_out.fault(call), Some(Fault::Hang), "{call}");
        }
        for call in ["kubernetes:get:leases", "eks:DescribeCluster", "ssm:GetParameter", "msi:token", "standby:GET /"] {
            assert_eq!(way_out.fault(call), None, "{call}");
        }
        way_out.set(None, &timeline);
        assert_eq!((way_out.fault("arm:GET:metrics"), way_out.entry()), (None, Entry::Open));
        assert_eq!(timeline.events().len(), 2);
    }
}
