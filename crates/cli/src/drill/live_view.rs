//! The live timeline: what happens where, in plain words, in simulated time and in its order.
//!
//! Some events are noticed a moment after they happened. So each one is held back for a moment, and printed in its place.
//! What comes every minute, and the bookkeeping of the function, is left out unless everything is asked for.

use std::time::Duration;

use holdfast_core::clock::{earlier, until};
use holdfast_simulator::{
    time,
    timeline::{Event, EventKind},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};

use super::{
    environment::{Environment, HOLDOFF_S},
    scenario::Scenario,
};

/// How often the bar moves.
const FRAME: Duration = Duration::from_millis(100);

/// How long an event is held back: ten times what the simulator's watches take to notice one.
const HELD: Duration = Duration::from_millis(400);

/// The view while it runs.
pub struct LiveView {
    task: JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl LiveView {
    /// Starts to print.
    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    pub fn start(scenario: &Scenario, environment: &Environment, verbose: bool) -> Self {
        println!("Scenario {}: {}", scenario.name, scenario.summary);
        println!("Simulated on this machine, {}x faster than life; times are simulated minutes.\n", environment.pace);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let printer = Printer {
            began: environment.began,
            pace: environment.pace,
            broke: None,
            done: false,
            bar: bar(),
            held: Held::default(),
            taste: Taste { verbose, metric: None },
        };
        let task = tokio::spawn(printer.run(environment.sim.timeline(), stopped));
        Self { task, stop }
    }

    /// Prints what is left and stops.
    pub async fn end(self) {
        // An error means that the printer has stopped by itself.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(HOLDOFF_S as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("         {msg} [{bar:36}] {pos}/{len} s");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar.set_message("since the break");
    bar
}

struct Printer {
    began: Timestamp,
    pace: f64,
    broke: Option<Timestamp>,
    done: bool,
    bar: ProgressBar,
    held: Held,
    taste: Taste,
}

/// Events that may still be overtaken by an earlier one, in the order of time; of the same time, in that of their coming.
#[derive(Default)]
struct Held(Vec<Event>);

impl Held {
    fn put(&mut self, event: Event) {
        let place = self.0.partition_point(|other| other.at <= event.at);
        self.0.insert(place, event);
    }

    /// The events up to `until`, oldest first.
    fn take(&mut self, until: Timestamp) -> Vec<Event> {
        let due = self.0.partition_point(|event| event.at <= until);
        self.0.drain(..due).collect()
    }
}

/// What a person is shown.
struct Taste {
    verbose: bool,
    /// The best sample of the last period that was seen.
    metric: Option<f64>,
}

impl Taste {
    fn shows(&mut self, kind: &EventKind) -> bool {
        let repeats = match kind {
            EventKind::MetricPublished { maximum, .. } => self.metric.replace(*maximum) == Some(*maximum),
            _ => false,
        };
        let is_bookkeeping = match kind {
            EventKind::FunctionReady { .. } => true,
            EventKind::ClusterChanged { change } => {
                [" leases ", " configmaps "].iter().any(|part| change.contains(part))
            }
            _ => false,
        };
        self.verbose || !(kind.is_routine() || repeats || is_bookkeeping)
    }
}

impl Printer {
    async fn run(
        mut self,
        mut events: tokio::sync::broadcast::Receiver<Event>,
        mut stopped: tokio::sync::oneshot::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Ok(event) => {
                        self.noticed(&event);
                        self.held.put(event);
                        self.print_until(earlier(time::now(), HELD));
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                () = tokio::time::sleep(FRAME) => {
                    self.print_until(earlier(time::now(), HELD));
                    self.advance();
                }
                _ = &mut stopped => break,
            }
        }
        self.print_until(Timestamp::MAX);
        self.bar.finish_and_clear();
    }

    /// What the bar has to know at once.
    fn noticed(&mut self, event: &Event) {
        match &event.kind {
            EventKind::SiteDown { .. } if self.broke.is_none() => self.broke = Some(event.at),
            EventKind::ClusterChanged { .. } | EventKind::TrafficWritten { .. } => self.done = true,
            _ => {}
        }
    }

    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    fn print_until(&mut self, until_then: Timestamp) {
        for event in self.held.take(until_then) {
            if !self.taste.shows(&event.kind) {
                continue;
            }
            let since = until(self.began, event.at).as_secs_f64() * self.pace;
            let (minutes, seconds) = ((since / 60.0) as u64, since % 60.0);
            let text = format!("{minutes:3}:{seconds:04.1}  {:11}  {}", event.kind.place(), event.kind);
            self.bar.suspend(|| println!("{text}"));
        }
    }

    fn advance(&self) {
        let Some(broke) = self.broke.filter(|_| !self.done) else {
            self.bar.set_draw_target(ProgressDrawTarget::hidden());
            return;
        };
        let since = until(broke, time::now()).as_secs_f64() * self.pace;
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.set_position((since as u64).min(HOLDOFF_S as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, kind: EventKind) -> Event {
        Event { at: Timestamp::from_second(second).expect("a time"), kind }
    }

    fn metric(maximum: f64) -> EventKind {
        EventKind::MetricPublished {
            health_check: "h".to_owned(),
            start: Timestamp::UNIX_EPOCH,
            minimum: maximum,
            maximum,
        }
    }

    #[test]
    fn an_event_that_is_noticed_late_is_printed_in_its_place() {
        let mut held = Held::default();
        for second in [1, 5, 3, 4, 9] {
            held.put(at(second, EventKind::WayOutBack));
        }
        let seconds = |events: Vec<Event>| events.iter().map(|event| event.at.as_second()).collect::<Vec<_>>();
        assert_eq!(seconds(held.take(Timestamp::from_second(5).expect("a time"))), [1, 3, 4, 5]);
        assert_eq!(seconds(held.take(Timestamp::MAX)), [9]);
    }

    #[test]
    fn what_repeats_and_what_is_bookkeeping_is_left_out_unless_everything_is_asked_for() {
        let changed = |change: &str| EventKind::ClusterChanged { change: change.to_owned() };
        let mut taste = Taste { verbose: false, metric: None };
        assert!(!taste.shows(&metric(1.0)) && taste.shows(&metric(0.0)) && !taste.shows(&metric(0.0)));
        assert!(!taste.shows(&changed("update leases holdfast (by the function)")));
        assert!(taste.shows(&changed("patch deployments/scale humio-operator (by the function)")));
        assert!(!taste.shows(&EventKind::FunctionReady { environment: 1, after_ms: 3 }));
        let mut all = Taste { verbose: true, metric: None };
        assert!(all.shows(&metric(1.0)) && all.shows(&changed("update leases holdfast")));
    }
}
