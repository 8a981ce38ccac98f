//! What is to be printed, as its parts in order.

use crate::{
    code::Code,
    flow::{Flow, Style},
    write,
};

/// Characters of all texts of one document together; some 5,000 pages.
const MAX_CHARS: usize = 20_000_000;

/// Why no pages could be made. Nothing was written anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// The text of a code has no room in one.
    #[error("The code has more text than a square code holds; nothing was printed.")]
    CodeTooLong,
    /// More than 20 million characters.
    #[error("This is more than one document holds; nothing was printed.")]
    TooMuch,
    /// The built-in type could not be read: the program was built wrongly.
    #[error("The letters to print with could not be read; nothing was printed.")]
    Type,
}

impl PaperError {
    /// Stable, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CodeTooLong => "paper_code_too_long",
            Self::TooMuch => "paper_too_much",
            Self::Type => "paper_type",
        }
    }

    /// What to do next.
    pub fn next(&self) -> &'static str {
        match self {
            Self::CodeTooLong => "Print a shorter code.",
            Self::TooMuch => "Print a part of it, such as a single year.",
            Self::Type => "Install the program anew.",
        }
    }
}

/// A document, built part by part.
#[derive(Clone)]
pub struct Document {
    title: String,
    language: String,
    of: String,
    keywords: Option<String>,
    parts: Vec<Part>,
}

/// A table; its heading is printed again on every page.
#[derive(Clone)]
pub struct Table {
    pub(crate) columns: Vec<(String, u16)>,
    pub(crate) rows: Vec<Vec<String>>,
}

#[derive(Clone)]
enum Part {
    Heading(String),
    Text(String, Style),
    Rows(Vec<(String, String)>),
    Steps(Vec<String>),
    Table(Table),
    Code { text: String, says: String },
}

impl Table {
    /// Columns as name and share of the page's width.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, u16)>) -> Self {
        let columns = columns.into_iter().map(|(name, share)| (name.to_owned(), share));
        Self {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    /// One more row. Missing cells are empty; cells without a column are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl Document {
    /// A document with this title at its head, in this language (BCP 47, such as `en`).
    pub fn new(title: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            language: language.into(),
            of: "of".to_owned(),
            keywords: None,
            parts: Vec::new(),
        }
    }

    /// The word between page and pages, in the document's language: "2 of 5".
    #[must_use]
    pub fn page_word(mut self, of: impl Into<String>) -> Self {
        self.of = of.into();
        self
    }

    /// A text for programs, readable in the file's properties (`Keywords`), as it is.
    #[must_use]
    pub fn keywords(mut self, keywords: impl Into<String>) -> Self {
        self.keywords = Some(keywords.into());
        self
    }

    /// A heading.
    #[must_use]
    pub fn heading(self, text: impl Into<String>) -> Self {
        self.with(Part::Heading(text.into()))
    }

    /// A paragraph.
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Part::Text(text.into(), Style::BODY))
    }

    /// A paragraph that must not be overlooked.
    #[must_use]
    pub fn notice(self, text: impl Into<String>) -> Self {
        self.with(Part::Text(text.into(), Style::NOTICE))
    }

    /// Small print.
    #[must_use]
    pub fn small(self, text: impl Into<String>) -> Self {
        self.with(Part::Text(text.into(), Style::SMALL))
    }

    /// Text for machines, letters of equal width, broken anywhere.
    #[must_use]
    pub fn literal(self, text: impl Into<String>) -> Self {
        self.with(Part::Text(text.into(), Style::LITERAL))
    }

    /// Facts: what, and how it stands.
    #[must_use]
    pub fn rows(self, rows: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        let rows = rows.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.with(Part::Rows(rows.collect()))
    }

    /// Numbered steps.
    #[must_use]
    pub fn steps(self, steps: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(Part::Steps(steps.into_iter().map(Into::into).collect()))
    }

    /// A table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Part::Table(table))
    }

    /// A square code of this text; `says` describes it to those who can't see it.
    #[must_use]
    pub fn code(self, text: impl Into<String>, says: impl Into<String>) -> Self {
        self.with(Part::Code {
            text: text.into(),
            says: says.into(),
        })
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The bytes of the PDF.
    ///
    /// # Errors
    /// [`PaperError`]; there are no half documents.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PaperError> {
        if self.parts.iter().map(Part::chars).sum::<usize>() > MAX_CHARS {
            return Err(PaperError::TooMuch);
        }
        let mut flow = Flow::new()?;
        flow.title(&self.title);
        for part in &self.parts {
            match part {
                Part::Heading(text) => flow.heading(text),
                Part::Text(text, style) => flow.text(text, *style),
                Part::Rows(rows) => flow.rows(rows),
                Part::Steps(steps) => flow.steps(steps),
                Part::Table(table) => flow.table(table),
                Part::Code { text, says } => {
                    let code = Code::of(text).ok_or(PaperError::CodeTooLong)?;
                    flow.code(&code, says);
                }
            }
        }
        let laid = flow.finish(&self.title, &self.of);
        write::pdf(laid, &self.title, &self.language, self.keywords.as_deref())
    }
}

impl Part {
    fn chars(&self) -> usize {
        match self {
            Self::Heading(text) | Self::Text(text, _) | Self::Code { text, .. } => text.len(),
            Self::Rows(rows) => rows.iter().map(|(key, value)| key.len() + value.len()).sum(),
            Self::Steps(steps) => steps.iter().map(String::len).sum(),
            // An empty cell takes room, too.
            Self::Table(table) => table.rows.iter().flatten().map(|cell| cell.len() + 8).sum(),
        }
    }
}

// What is printed is about somebody.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}
