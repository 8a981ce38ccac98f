//! Points in time in other people's documents.

use jiff::Timestamp;

/// A `dateTimeStamp` (XML Schema 1.1 part 2, section 3.4.28): `2026-11-23T08:00:00Z`, always with its offset.
pub(crate) fn date_time_stamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shape = bytes.get(..19)?.iter().enumerate().all(|(i, byte)| match i {
        4 | 7 => *byte == b'-',
        10 => *byte == b'T',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let rest = text.get(19..)?;
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            fraction.get(digits..)?
        }
        None => rest,
    };
    let offset_ok = offset == "Z"
        || (offset.len() == 6
            && offset.starts_with(['+', '-'])
            && offset.as_bytes().get(3) == Some(&b':')
            && offset.bytes().skip(1).filter(u8::is_ascii_digit).count() == 4);
    (shape && offset_ok).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_date_with_time_and_offset_is_read() {
        for good in [
            "2023-02-24T23:36:38Z",
            "2023-02-24T23:36:38.5Z",
            "2023-02-25T00:36:38+01:00",
        ] {
            assert!(date_time_stamp(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2023-02-24",
            "2023-02-24T23:36:38",
            "2023-02-24 23:36:38Z",
            "2023-02-24t23:36:38z",
            "2023-02-30T00:00:00Z",
            "2023-02-24T23:36:38.Z",
            "2023-02-24T23:36:38+01",
            "20230224T233638Z",
            "2023-02-24T23:36:38Z[UTC]",
        ] {
            assert_eq!(date_time_stamp(bad), None, "{bad}");
        }
    }
}
