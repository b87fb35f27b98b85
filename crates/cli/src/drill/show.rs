//! The live timeline: what happens where, in plain words, in simulated time.

use std::time::Duration;

use holdfast_core::clock::until;
use holdfast_simulator::{
    time,
    timeline::{Event, What},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};

use super::{
    scenario::Scenario,
    stage::{HOLDOFF_S, Stage},
};

/// How often the bar moves.
const FRAME: Duration = Duration::from_millis(100);

/// The running show.
pub struct Show {
    task: JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Show {
    /// Begins to tell.
    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    pub fn start(scenario: &Scenario, stage: &Stage) -> Self {
        println!("Scenario {}: {}", scenario.name, scenario.says);
        println!("Simulated on this machine, {}x faster than life; times are simulated minutes.\n", stage.pace);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let teller = Teller { began: stage.began, pace: stage.pace, broke: None, done: false, bar: bar() };
        let task = tokio::spawn(teller.tell(stage.sim.timeline(), stopped));
        Self { task, stop }
    }

    /// Tells what is left and stops.
    pub async fn end(self) {
        // An error means that the teller has stopped by itself.
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

struct Teller {
    began: Timestamp,
    pace: f64,
    broke: Option<Timestamp>,
    done: bool,
    bar: ProgressBar,
}

impl Teller {
    async fn tell(
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
        match &event.what {
            What::SiteDown { .. } if self.broke.is_none() => self.broke = Some(event.at),
            What::ClusterChanged { .. } | What::TrafficWritten { .. } => self.done = true,
            _ => {}
        }
        if !event.what.is_routine() {
            let since = until(self.began, event.at).as_secs_f64() * self.pace;
            let (minutes, seconds) = ((since / 60.0) as u64, since % 60.0);
            let text = format!("{minutes:3}:{seconds:04.1}  {:11}  {}", event.what.place(), event.what);
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
