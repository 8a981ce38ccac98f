//! Finding a code of ours in a picture.

use carnet_qr::PictureError;
use thiserror::Error;

use crate::{Described, Facts, Wallet};

/// What the codes that a wallet can do something with begin with.
const OURS: [&str; 5] = [
    "openid4vp:",
    "haip-vp:",
    "openid-credential-offer:",
    "haip-vci:",
    "carnet:",
];

#[derive(Debug, Error)]
pub enum ReadCodeError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(
        "There is a code in this picture, but it is not one that this wallet can use. Nothing was opened."
    )]
    NotOurs,
}

impl Described for ReadCodeError {
    fn facts(&self) -> Facts {
        match self {
            Self::Picture(error) => Facts::expected(error.code(), error.next()),
            Self::NotOurs => Facts::expected("not_a_request", "Ask the desk to show Carnet's code."),
        }
    }
}

/// A code in block characters, for a terminal; `None` when the text is longer than any code.
pub fn code_for_terminal(text: &str) -> Option<String> {
    carnet_qr::terminal(text).ok()
}

impl Wallet {
    /// The text of the code in a PNG or JPEG picture. It says where something is to be had, and is not yet checked.
    pub fn read_code(picture: &[u8]) -> Result<String, ReadCodeError> {
        carnet_qr::read(picture)?
            .into_iter()
            .find(|text| {
                let start = text.trim_start().get(..32).unwrap_or(text).to_ascii_lowercase();
                OURS.iter().any(|scheme| start.starts_with(scheme))
            })
            .ok_or(ReadCodeError::NotOurs)
    }
}
