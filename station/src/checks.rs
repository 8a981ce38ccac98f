//! Check: a statement asked for at the counter, and what came of it.
//!
//! - `asked`: which statements may be asked
//! - `take`: the wallet's proof
//! - `outcome`: yes, not shown, cannot check; and what to do with each

mod asked;
mod outcome;
mod take;

pub use asked::{CheckError, all, statement};
pub use outcome::{Line, Outcome, Shown, outcome, view};
pub use take::take;
