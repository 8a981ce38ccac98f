use fast_qr::{
    ECL, QRCode,
    convert::{Builder as _, Shape, svg::SvgBuilder},
    qr::QRBuilder,
};

/// More than a code can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a code")]
pub struct TooLong;

/// Modules along a side (version 20) up to which a camera reads a code on a telephone's screen without trouble. A larger one
/// gives up redundancy first.
const EASY: usize = 97;

/// The code as SVG: black on white with its quiet zone, whatever the page around it looks like.
pub fn svg(text: &str) -> Result<String, TooLong> {
    Ok(SvgBuilder::default().shape(Shape::Square).to_str(&code(text)?))
}

/// The code in block characters, for a terminal: two rows of it to a line, with its quiet zone.
pub fn terminal(text: &str) -> Result<String, TooLong> {
    Ok(code(text)?.to_str())
}

/// With as much redundancy as it can have while it stays easy to read; with the least if it can't.
fn code(text: &str) -> Result<QRCode, TooLong> {
    let at = |level| QRBuilder::new(text).ecl(level).build();
    for level in [ECL::Q, ECL::M] {
        match at(level) {
            Ok(code) if code.size <= EASY => return Ok(code),
            _ => {}
        }
    }
    at(ECL::L).map_err(|_| TooLong)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_longer_than_any_code_is_refused() {
        assert!(super::svg(&"a".repeat(300)).is_ok());
        assert!(super::svg(&"a".repeat(5_000)).is_err());
    }

    #[test]
    fn a_long_text_gives_up_redundancy_before_it_grows() {
        let size = |length| super::code(&"A".repeat(length)).unwrap().size;
        assert_eq!(size(700), 97, "a quarter may be lost");
        assert_eq!(size(960), 97, "an eighth may be lost");
        assert_eq!(size(1_249), 97, "a fourteenth may be lost");
        assert_eq!(size(1_853), 117, "version 25");
    }
}
