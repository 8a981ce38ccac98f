//! What the journeys, the demo and the measurements stand on: the real programs as processes, a front desk that
//! speaks the station's staff API, and records that nobody here made.

#[cfg(unix)]
pub mod chain;
pub mod decades;
pub mod desk;
pub mod interop;
pub mod measure;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod processes;
pub mod records;
pub mod search;

#[cfg(unix)]
pub use chain::Chain;
pub use desk::Desk;
pub use processes::{Carnet, Failure, Station, Witness, program};
