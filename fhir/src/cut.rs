//! Cuts an object or a list into the byte ranges of its parts without reading the parts, so that one broken
//! part does not spoil the others.

/// The brackets or quotes do not fit together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Torn;

/// A name (raw, without quotes) and its value.
pub(crate) type Member<'a> = (&'a [u8], &'a [u8]);

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

/// The elements of a list, each handed to `visit`; stops early when that returns false.
pub(crate) fn elements<'a>(bytes: &'a [u8], visit: &mut dyn FnMut(&'a [u8]) -> bool) -> Result<(), Torn> {
    let mut cutter = Cutter { bytes, at: 0 };
    cutter.open(b'[')?;
    if cutter.close(b']') {
        return cutter.end(());
    }
    loop {
        if !visit(cutter.value()?) {
            return Ok(());
        }
        if cutter.close(b']') {
            return cutter.end(());
        }
        cutter.open(b',')?;
    }
}

struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cutter<'a> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn open(&mut self, byte: u8) -> Result<(), Torn> {
        if self.close(byte) { Ok(()) } else { Err(Torn) }
    }

    fn close(&mut self, byte: u8) -> bool {
        self.space();
        let here = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(here);
        here
    }

    fn end<T>(mut self, out: T) -> Result<T, Torn> {
        self.space();
        if self.at == self.bytes.len() {
            Ok(out)
        } else {
            Err(Torn)
        }
    }

    /// One value, whatever is in it.
    fn value(&mut self) -> Result<&'a [u8], Torn> {
        self.space();
        let start = self.at;
        let mut closers = Vec::new();
        loop {
            match self.bytes.get(self.at).ok_or(Torn)? {
                b'"' => self.string()?,
                b'{' => closers.push(b'}'),
                b'[' => closers.push(b']'),
                byte @ (b'}' | b']') => {
                    if closers.pop() != Some(*byte) {
                        return Err(Torn);
                    }
                }
                b',' | b':' if closers.is_empty() => return Err(Torn),
                _ => {
                    if closers.is_empty() {
                        self.scalar();
                    }
                }
            }
            self.at += 1;
            if closers.is_empty() {
                return Ok(&self.bytes[start..self.at]);
            }
        }
    }

    /// To the closing quote.
    fn string(&mut self) -> Result<(), Torn> {
        loop {
            self.at += 1;
            match self.bytes.get(self.at).ok_or(Torn)? {
                b'"' => return Ok(()),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    /// To the last byte of a number or word.
    fn scalar(&mut self) {
        while let Some(next) = self.bytes.get(self.at + 1) {
            if matches!(next, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') {
                return;
            }
            self.at += 1;
        }
    }
}
