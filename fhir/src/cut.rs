//! Finds where the parts of an object or a list end without reading them, so that one broken part does not spoil the
//! others. Works on a whole text or on one that comes piece by piece.

/// The brackets or quotes do not fit together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Torn;

/// A name (raw, without quotes) and its value.
pub(crate) type Member<'a> = (&'a [u8], &'a [u8]);

/// The deepest nesting that is followed, far beyond any that is read: bounds memory.
const DEEPEST: usize = 1_000_000;

/// Looks for the end of one value, whatever is in it.
#[derive(Default)]
pub(crate) struct End {
    closers: Vec<u8>,
    within: Within,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Between,
    Text,
    Escape,
    /// A number or word that is the whole value.
    Scalar,
}

impl End {
    /// How many of these bytes, which follow those given before, belong to the value; `None` when all do and it goes on.
    /// The first of all must not be white space.
    pub(crate) fn of(&mut self, piece: &[u8]) -> Result<Option<usize>, Torn> {
        let mut at = 0;
        while let Some(byte) = piece.get(at) {
            match self.within {
                Within::Text => {
                    let Some(next) = memchr::memchr2(b'"', b'\\', &piece[at..]) else {
                        return Ok(None);
                    };
                    at += next;
                    self.within = if piece[at] == b'"' {
                        Within::Between
                    } else {
                        Within::Escape
                    };
                }
                Within::Escape => self.within = Within::Text,
                Within::Scalar => {
                    let rest = piece[at..].iter();
                    return Ok(rest.copied().position(ends_scalar).map(|end| at + end));
                }
                Within::Between => self.between(*byte)?,
            }
            at += 1;
            if self.closers.is_empty() && self.within == Within::Between {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Whether the value may end where the bytes do.
    pub(crate) fn may_end_here(&self) -> bool {
        self.within == Within::Scalar
    }

    fn between(&mut self, byte: u8) -> Result<(), Torn> {
        let opens = match byte {
            b'"' => {
                self.within = Within::Text;
                return Ok(());
            }
            b'{' => b'}',
            b'[' => b']',
            b'}' | b']' => return (self.closers.pop() == Some(byte)).then_some(()).ok_or(Torn),
            b',' | b':' if self.closers.is_empty() => return Err(Torn),
            _ => {
                if self.closers.is_empty() {
                    self.within = Within::Scalar;
                }
                return Ok(());
            }
        };
        if self.closers.len() >= DEEPEST {
            return Err(Torn);
        }
        self.closers.push(opens);
        Ok(())
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn ends_scalar(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b',' | b':' | b'}' | b']')
}

/// The members of an object.
pub(crate) fn members(bytes: &[u8]) -> Result<Vec<Member<'_>>, Torn> {
    let mut out = Vec::new();
    let mut cutter = Cutter { bytes, at: 0 };
    cutter.open(b'{')?;
    if cutter.close(b'}') {
        return cutter.end(out);
    }
    loop {
        let name = cutter.value()?;
        let [b'"', name @ .., b'"'] = name else {
            return Err(Torn);
        };
        cutter.open(b':')?;
        out.push((name, cutter.value()?));
        if cutter.close(b'}') {
            return cutter.end(out);
        }
        cutter.open(b',')?;
    }
}

struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cutter<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at += self.rest().iter().take_while(|byte| is_space(**byte)).count();
    }

    fn open(&mut self, byte: u8) -> Result<(), Torn> {
        if self.close(byte) { Ok(()) } else { Err(Torn) }
    }

    fn close(&mut self, byte: u8) -> bool {
        self.space();
        let here = self.rest().first() == Some(&byte);
        self.at += usize::from(here);
        here
    }

    fn end<T>(mut self, out: T) -> Result<T, Torn> {
        self.space();
        if self.rest().is_empty() {
            Ok(out)
        } else {
            Err(Torn)
        }
    }

    fn value(&mut self) -> Result<&'a [u8], Torn> {
        self.space();
        let rest = self.rest();
        let mut end = End::default();
        let length = match end.of(rest)? {
            Some(length) => length,
            None if end.may_end_here() => rest.len(),
            None => return Err(Torn),
        };
        self.at += length;
        Ok(&rest[..length])
    }
}
