//! Amounts and measurements as whole numbers of 10^-scale units. Exact: a floating-point number is never made of them.

/// The text is no such number, or has more decimals than there is room for, or is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no number with so many decimals")]
pub struct NoSuchNumber;

/// Most decimals.
const MAX_SCALE: u8 = 6;

/// Reads a number as it is written by hand: digits, one point or comma, at most `scale` decimals. No sign, no spaces, no
/// grouping. With three decimals or more a comma could as well group thousands, and is refused.
pub fn read(text: &str, scale: u8) -> Result<u32, NoSuchNumber> {
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let bare = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let room = usize::from(scale);
    let ambiguous = scale >= 3 && text.contains(',');
    let pointed = text.len() > whole.len();
    let plain = !ambiguous
        && !whole.is_empty()
        && bare(whole)
        && bare(decimals)
        && pointed != decimals.is_empty()
        && decimals.len() <= room
        && scale <= MAX_SCALE;
    if !plain {
        return Err(NoSuchNumber);
    }
    format!("{whole}{decimals:0<room$}")
        .parse()
        .map_err(|_| NoSuchNumber)
}

/// As [`read`] reads it.
pub fn write(number: u32, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{number:0>width$}", width = scale + 1);
    let (whole, decimals) = digits.split_at(digits.len() - scale);
    if decimals.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{decimals}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_read_exactly_or_not_at_all() {
        for (text, scale, number) in [
            ("6.8", 1, 68),
            ("6,8", 1, 68),
            ("6", 1, 60),
            ("0.10", 2, 10),
            ("41250.5", 2, 4_125_050),
            ("42949672.95", 2, u32::MAX),
            ("007", 0, 7),
        ] {
            assert_eq!(read(text, scale), Ok(number), "{text}");
        }
        for (text, scale) in [
            ("", 1),
            (".5", 1),
            ("5.", 1),
            ("6.85", 1),
            ("6.80", 1),
            ("-1", 0),
            ("+1", 0),
            ("1e3", 0),
            ("1 000", 0),
            ("1,000", 2),
            ("1,000", 3),
            ("1.000,5", 2),
            ("42949672.96", 2),
            ("4294967296", 0),
            ("٣", 0),
            ("1", 7),
        ] {
            assert_eq!(read(text, scale), Err(NoSuchNumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(number in any::<u32>(), scale in 0u8..=6) {
            prop_assert_eq!(read(&write(number, scale), scale), Ok(number));
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text in ".{0,40}", scale in any::<u8>()) {
            let _ = read(&text, scale);
        }
    }
}
