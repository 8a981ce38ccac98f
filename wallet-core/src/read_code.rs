//! Finding the link in a picture of a code.

use std::io::Cursor;

use carnet_exchange::{issuance::offer::is_offer, link::RequestLink};
use image::{GrayImage, ImageReader, Limits, imageops::FilterType};
use thiserror::Error;

use crate::{Described, Facts, Wallet};

/// Larger pictures are not decoded.
const MAX_SIDE: u32 = 12_000;
const MAX_MEMORY: u64 = 512 << 20;
const MAX_FILE: usize = 32 << 20;
/// A second look at this size finds codes that are large and noisy in a camera's picture.
const SMALL_SIDE: u32 = 1_000;

#[derive(Debug, Error)]
pub enum ReadCodeError {
    #[error("This picture is too large to look at.")]
    TooLarge,
    #[error("This file is not a picture that can be read here.")]
    NotPicture,
    #[error("There is no code to be seen in this picture.")]
    NoCode,
    #[error("There is a code in this picture, but it is not a clinic's question.")]
    NotRequest,
}

impl Described for ReadCodeError {
    fn facts(&self) -> Facts {
        match self {
            Self::TooLarge => {
                Facts::expected("picture_too_large", "Take the picture again, closer and smaller.")
            }
            Self::NotPicture => Facts::expected(
                "not_a_picture",
                "Choose a PNG or JPEG picture of the clinic's code.",
            ),
            Self::NoCode => Facts::expected(
                "no_code",
                "Take the picture again so that the whole square is in it, straight and in good light.",
            ),
            Self::NotRequest => Facts::expected("not_a_request", "Ask the desk to show Carnet's code."),
        }
    }
}

impl Wallet {
    /// The link in a PNG or JPEG picture that asks something or offers a card.
    pub fn read_code(picture: &[u8]) -> Result<String, ReadCodeError> {
        texts_in(picture)?
            .into_iter()
            .find(|text| text.parse::<RequestLink>().is_ok() || is_offer(text))
            .ok_or(ReadCodeError::NotRequest)
    }
}

/// The texts of all codes in a PNG or JPEG picture; at least one.
pub(crate) fn texts_in(picture: &[u8]) -> Result<Vec<String>, ReadCodeError> {
    if picture.len() > MAX_FILE {
        return Err(ReadCodeError::TooLarge);
    }
    let mut reader = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()
        .map_err(|_| ReadCodeError::NotPicture)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let grey = reader
        .decode()
        .map_err(|error| match error {
            image::ImageError::Limits(_) => ReadCodeError::TooLarge,
            _ => ReadCodeError::NotPicture,
        })?
        .into_luma8();
    let mut texts = codes_in(&grey);
    if texts.is_empty() && grey.width().max(grey.height()) > SMALL_SIDE {
        let scale = f64::from(SMALL_SIDE) / f64::from(grey.width().max(grey.height()));
        let side = |length: u32| ((f64::from(length) * scale) as u32).max(1);
        texts = codes_in(&image::imageops::resize(
            &grey,
            side(grey.width()),
            side(grey.height()),
            FilterType::Triangle,
        ));
    }
    if texts.is_empty() {
        return Err(ReadCodeError::NoCode);
    }
    Ok(texts)
}

fn codes_in(grey: &GrayImage) -> Vec<String> {
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(grey.width() as usize, grey.height() as usize, |x, y| {
            grey.get_pixel(x as u32, y as u32).0[0]
        });
    prepared
        .detect_grids()
        .into_iter()
        .filter_map(|grid| grid.decode().ok().map(|(_, text)| text))
        .collect()
}
