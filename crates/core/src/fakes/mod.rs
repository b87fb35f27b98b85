//! In-memory ports and failing decorators, for tests of this crate and of everything above it.
//!
//! # Layout
//!
//! * [`FakeClock`]: virtual time; a sleep returns at once and time has passed.
//! * [`FaultPlan`]: which call fails, and how; every fake asks it first.
//! * `ports`: the fakes of [`crate::ports`]; [`FakeStep`]: a step on a flag.
//! * [`World`]: all of them together, and an [`Engine`](crate::engine::Engine) on top.

mod announcer;
mod clock;
mod fault_plan;
mod ports;
mod step;
mod world;

pub use announcer::{FakeAnnouncer, Reached};
pub use clock::FakeClock;
pub use fault_plan::{FaultPlan, InjectedFault};
pub use ports::{FakeControls, FakeCooldown, FakeHistory, FakeLease, FakeLive, FakeProber, FakeStandby, FakeStore};
pub use step::{Effect, FakeStep};
pub use world::World;
