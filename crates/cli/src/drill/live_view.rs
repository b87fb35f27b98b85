//! The live timeline: what happens where, in plain words, in simulated time.

use std::time::Duration;

use holdfast_core::clock::until;
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

/// The view while it runs.
pub struct LiveView {
    task: JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl LiveView {
    /// Starts to print.
    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    pub fn start(scenario: &Scenario, environment: &Environment) -> Self {
        println!("Scenario {}: {}", scenario.name, scenario.summary);
        println!("Simulated on this machine, {}x faster than life; times are simulated minutes.\n", environment.pace);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let printer =
            Printer { began: environment.began, pace: environment.pace, broke: None, done: false, bar: bar() };
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
                    Ok(event) => self.event(&event),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                () = tokio::time::sleep(FRAME) => self.advance(),
                _ = &mut stopped => break,
            }
        }
        self.bar.finish_and_clear();
    }

    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::SiteDown { .. } if self.broke.is_none() => self.broke = Some(event.at),
            EventKind::ClusterChanged { .. } | EventKind::TrafficWritten { .. } => self.done = true,
            _ => {}
        }
        if !event.kind.is_routine() {
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
