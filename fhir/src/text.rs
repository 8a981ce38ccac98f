//! Text from strangers, made fit for a screen: no markup, no control characters, no direction tricks, no walls.

/// The longest title, in characters.
pub(crate) const TITLE: usize = 160;
/// The longest value of a line, in characters.
pub(crate) const VALUE: usize = 2_000;
/// The longest narrative, in characters.
pub(crate) const NARRATIVE: usize = 20_000;

/// One line of plain text, cut to `max` characters; `None` when nothing is left.
pub(crate) fn plain(text: &str, max: usize) -> Option<String> {
    let text = untagged(text, false);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(line, max)
}

/// XHTML narrative as plain text with line breaks.
pub(crate) fn narrative(div: &str) -> Option<String> {
    let text = untagged(&entities(&untagged(div, true)), false);
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    cut(lines.join("\n"), NARRATIVE)
}

fn cut(text: String, max: usize) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    match text.char_indices().nth(max) {
        None => Some(text),
        Some((end, _)) => Some(format!("{}…", text[..end].trim_end())),
    }
}

/// Drops tags; in a narrative blocks become line breaks and scripts go with their content.
fn untagged(text: &str, narrative: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Looked for once: text from a stranger must not make this quadratic.
    let last_close = text.rfind('>').unwrap_or(0);
    while let Some(next) = rest.chars().next() {
        if opens_tag(rest) && text.len() - rest.len() < last_close {
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            let name: String = rest[1..end]
                .trim_start_matches('/')
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            let name = name.to_ascii_lowercase();
            rest = if narrative && matches!(name.as_str(), "script" | "style") && !rest.starts_with("</") {
                after_closing(&rest[end..], &name)
            } else {
                &rest[end..]
            };
            if narrative {
                out.push_str(match name.as_str() {
                    "b" | "i" | "em" | "strong" | "span" | "a" | "sub" | "sup" | "u" | "small" | "code"
                    | "tt" => "",
                    "td" | "th" => "  ",
                    _ => "\n",
                });
            }
            continue;
        }
        // What is left must not become a tag by what was taken out of its middle.
        if out.ends_with('<') && (next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
            out.push(' ');
        }
        match next {
            '\n' | '\r' | '\t' => out.push(if narrative { ' ' } else { '\n' }),
            // Invisible and direction-changing characters make text read as something else.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            next if next.is_control() => {}
            next => out.push(next),
        }
        rest = &rest[next.len_utf8()..];
    }
    out
}

fn opens_tag(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('<')
        && chars
            .next()
            .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'))
}

fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let closing = format!("</{name}");
    let at = text
        .as_bytes()
        .windows(closing.len())
        .position(|part| part.eq_ignore_ascii_case(closing.as_bytes()));
    // The match is ASCII, so it starts at a character.
    at.and_then(|at| text.get(at..)).unwrap_or_default()
}

/// Resolves the entities XHTML narratives use; unknown ones stay as written.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        let resolved = end.and_then(|end| entity(&rest[1..end]).map(|found| (found, end)));
        let (found, taken) = resolved.map_or(('&', 1), |(found, end)| (found, end + 1));
        out.push(found);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "deg" => '°',
        "micro" => 'µ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// `DiagnosticReport`, `authoredOn` → `Diagnostic report`, `Authored on`.
pub(crate) fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in name.chars().enumerate() {
        if index == 0 {
            out.extend(letter.to_uppercase());
        } else if letter.is_ascii_uppercase() {
            out.push(' ');
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}
