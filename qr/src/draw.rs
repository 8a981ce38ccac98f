use fast_qr::{
    convert::{Builder as _, Shape, svg::SvgBuilder},
    qr::QRBuilder,
};

/// More than a code can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a code")]
pub struct TooLong;

/// The code as SVG: black on white with its quiet zone, whatever the page around it looks like.
pub fn svg(text: &str) -> Result<String, TooLong> {
    let code = QRBuilder::new(text).build().map_err(|_| TooLong)?;
    Ok(SvgBuilder::default().shape(Shape::Square).to_str(&code))
}

/// The code in block characters, for a terminal: two rows of it to a line, with its quiet zone.
pub fn terminal(text: &str) -> Result<String, TooLong> {
    let code = QRBuilder::new(text).build().map_err(|_| TooLong)?;
    Ok(code.to_str())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_longer_than_any_code_is_refused() {
        assert!(super::svg(&"a".repeat(300)).is_ok());
        assert!(super::svg(&"a".repeat(5_000)).is_err());
    }
}
