//! What the holder of a consent asks its station for: taking back, who read what, the deletion receipt. One request
//! carries operations on several consents, signed by the holder key they share, and has one of a few sizes, so that
//! neither the network nor the moment tells which consent somebody looks at.

mod receipt;
mod request;
mod result;

pub use receipt::{DeletionReceipt, ReceiptError, read_kept_receipt, sign_receipt, verify_receipt};
pub use request::{ManageError, ManageRequest, Op, sign, verify};
pub use result::{Logged, ManageReply, OpResult, Read};
