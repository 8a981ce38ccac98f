//! Foreign text made harmless before it is printed.

use unicode_normalization::UnicodeNormalization as _;

/// One line of plain letters: composed (NFC), white space as single blanks, without controls and without marks that turn,
/// join or hide text (the list is the one by which names in a trust list are judged).
pub(crate) fn plain(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.nfc() {
        if c.is_whitespace() {
            if !clean.ends_with(' ') {
                clean.push(' ');
            }
        } else if !c.is_control() && !misleads(c) {
            clean.push(c);
        }
    }
    let length = clean.trim_end().len();
    clean.truncate(length);
    clean
}

/// Runs from right to left, or joins its neighbours: set letter by letter from left to right it would say something else.
pub(crate) fn needs_shaping(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08ff}' | '\u{0900}'..='\u{0dff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

fn misleads(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
