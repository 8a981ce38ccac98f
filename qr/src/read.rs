//! Finding codes in a picture.

use std::io::Cursor;

use image::{GrayImage, ImageReader, Limits, imageops::FilterType};

/// Larger pictures are not decoded.
const MAX_SIDE: u32 = 12_000;
const MAX_MEMORY: u64 = 512 << 20;
const MAX_FILE: usize = 32 << 20;
/// A second look at this size finds codes that are large and noisy in a camera's picture.
const SMALL_SIDE: u32 = 1_000;

/// Why nothing was read in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A file over 32 MiB, or a side over 12,000 pixels.
    #[error("This picture is too large to look at.")]
    TooLarge,
    /// Neither PNG nor JPEG, or damaged.
    #[error("This file is not a picture that can be read here.")]
    NotPicture,
    /// No code, or none that can be made out.
    #[error("There is no code to be seen in this picture.")]
    NoCode,
}

impl PictureError {
    /// Stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "picture_too_large",
            Self::NotPicture => "not_a_picture",
            Self::NoCode => "no_code",
        }
    }

    /// What to do next.
    pub fn next(self) -> &'static str {
        match self {
            Self::TooLarge => "Take the picture again, closer and smaller.",
            Self::NotPicture => "Choose a PNG or JPEG picture of the code.",
            Self::NoCode => {
                "Take the picture again so that the whole square is in it, straight and in good light."
            }
        }
    }
}

/// The texts of all codes in a PNG or JPEG picture; at least one.
pub fn read(picture: &[u8]) -> Result<Vec<String>, PictureError> {
    if picture.len() > MAX_FILE {
        return Err(PictureError::TooLarge);
    }
    let mut reader = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()
        .map_err(|_| PictureError::NotPicture)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let grey = reader
        .decode()
        .map_err(|error| match error {
            image::ImageError::Limits(_) => PictureError::TooLarge,
            _ => PictureError::NotPicture,
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
        return Err(PictureError::NoCode);
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
