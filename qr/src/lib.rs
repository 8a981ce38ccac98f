//! Codes for cameras (QR codes, ISO/IEC 18004).
//!
//! - [`read`]: the texts of the codes in a picture
//! - [`svg`], [`terminal`]: a code as a picture for a screen
//!
//! What a text means is for others to say. Pictures come from strangers: size, memory and time are bounded.

mod draw;
mod read;

pub use draw::{TooLong, svg, terminal};
pub use read::{PictureError, read};
