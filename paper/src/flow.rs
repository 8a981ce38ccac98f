//! From parts to pages: lines broken at blanks, pages broken between lines.

use pdf_writer::types::StructRole;

use crate::{
    PaperError, Table,
    code::Code,
    face::{Cut, Face},
    page::{ACCENT, Colour, HAIRLINE, HEIGHT, INK, PENCIL, Page, WIDTH},
    structure::{Node, Structure},
    text::plain,
};

const LEFT: f32 = 62.0;
const ACROSS: f32 = WIDTH - 2.0 * LEFT;
const TOP: f32 = 62.0;
const BOTTOM: f32 = HEIGHT - 74.0;
/// Width of the column of keys.
const KEYS: f32 = 132.0;
/// Side of a code on paper: 62 mm, whatever it holds.
const CODE: f32 = 176.0;
/// Light squares that a code needs around it.
const QUIET: usize = 4;

/// How a paragraph looks. Lengths in points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    cut: Cut,
    size: f32,
    /// From foot to foot.
    line: f32,
    colour: Colour,
    /// Room before it.
    before: f32,
    /// From the left margin.
    indent: f32,
    /// A bar of the accent beside it.
    barred: bool,
}

impl Style {
    pub(crate) const BODY: Self = Self {
        cut: Cut::Regular,
        size: 10.5,
        line: 15.5,
        colour: INK,
        before: 8.0,
        indent: 0.0,
        barred: false,
    };
    pub(crate) const NOTICE: Self = Self {
        indent: 12.0,
        before: 12.0,
        barred: true,
        ..Self::BODY
    };
    pub(crate) const SMALL: Self = Self {
        size: 8.5,
        line: 12.5,
        colour: PENCIL,
        ..Self::BODY
    };
    pub(crate) const LITERAL: Self = Self {
        cut: Cut::Mono,
        size: 8.5,
        line: 12.0,
        ..Self::BODY
    };
    const TITLE: Self = Self {
        cut: Cut::Bold,
        size: 20.0,
        line: 26.0,
        before: 0.0,
        ..Self::BODY
    };
    const HEADING: Self = Self {
        cut: Cut::Bold,
        size: 12.5,
        line: 18.0,
        colour: ACCENT,
        before: 18.0,
        ..Self::BODY
    };
    const CELL: Self = Self {
        size: 9.0,
        line: 12.5,
        before: 0.0,
        ..Self::BODY
    };
}

/// A column of a row: where it begins, how wide it is, how it looks.
#[derive(Clone, Copy)]
struct Column {
    x: f32,
    width: f32,
    style: Style,
    role: StructRole,
}

/// The pages so far.
pub(crate) struct Flow {
    faces: [Face; 3],
    pages: Vec<Page>,
    structure: Structure,
    /// Where the next line's upper edge is.
    y: f32,
}

/// Finished pages and what the file needs beside them.
pub(crate) struct Laid {
    pub(crate) faces: [Face; 3],
    pub(crate) pages: Vec<Page>,
    pub(crate) structure: Structure,
}

impl Flow {
    pub(crate) fn new() -> Result<Self, PaperError> {
        let [regular, bold, mono] = Cut::ALL.map(Face::open);
        Ok(Self {
            faces: [regular?, bold?, mono?],
            pages: vec![Page::new()],
            structure: Structure::new(),
            y: TOP,
        })
    }

    pub(crate) fn title(&mut self, text: &str) {
        let role = StructRole::H1;
        self.paragraph(text, Style::TITLE, role);
        let y = self.y + 6.0;
        self.page().ornament(|page| page.bar(LEFT, y, 44.0, 2.5, ACCENT));
        self.y = y + 8.0;
    }

    pub(crate) fn heading(&mut self, text: &str) {
        // A heading at the foot of a page, without what it heads, helps nobody.
        self.keep_together(Style::HEADING.before + Style::HEADING.line + 5.0 * Style::BODY.line);
        self.paragraph(text, Style::HEADING, StructRole::H2);
    }

    pub(crate) fn text(&mut self, text: &str, style: Style) {
        self.paragraph(text, style, StructRole::P);
    }

    fn paragraph(&mut self, text: &str, style: Style, role: StructRole) {
        let node = self.structure.add(Structure::ROOT, role);
        self.space(style.before);
        let column = Column {
            x: LEFT + style.indent,
            width: ACROSS - style.indent,
            style,
            role,
        };
        self.lines(&[(column, node, text)]);
    }

    /// Keys to the left, facts to the right.
    pub(crate) fn rows(&mut self, rows: &[(String, String)]) {
        let table = self.structure.add(Structure::ROOT, StructRole::Table);
        self.space(8.0);
        let key = Column {
            x: LEFT,
            width: KEYS - 12.0,
            style: Style {
                colour: PENCIL,
                ..Style::BODY
            },
            role: StructRole::TH,
        };
        let value = Column {
            x: LEFT + KEYS,
            width: ACROSS - KEYS,
            style: Style::BODY,
            role: StructRole::TD,
        };
        for (name, fact) in rows {
            self.row(table, &[(key, name), (value, fact)], 2.0);
        }
    }

    pub(crate) fn steps(&mut self, steps: &[String]) {
        let list = self.structure.add(Structure::ROOT, StructRole::L);
        self.space(6.0);
        for (n, step) in steps.iter().enumerate() {
            let item = self.structure.add(list, StructRole::LI);
            let number = format!("{}.", n + 1);
            let label = Column {
                x: LEFT,
                width: 20.0,
                style: Style {
                    cut: Cut::Bold,
                    colour: ACCENT,
                    ..Style::BODY
                },
                role: StructRole::Lbl,
            };
            let body = Column {
                x: LEFT + 20.0,
                width: ACROSS - 20.0,
                style: Style::BODY,
                role: StructRole::LBody,
            };
            let nodes = [label, body].map(|column| self.structure.add(item, column.role));
            self.lines(&[(label, nodes[0], &number), (body, nodes[1], step)]);
            self.y += 3.0;
        }
    }

    pub(crate) fn table(&mut self, table: &Table) {
        let shares: f32 = table.columns.iter().map(|(_, share)| f32::from(*share)).sum();
        let mut x = LEFT;
        let columns: Vec<Column> = table
            .columns
            .iter()
            .map(|(_, share)| {
                let width = ACROSS * f32::from(*share) / shares.max(1.0);
                let column = Column {
                    x,
                    width: (width - 8.0).max(24.0),
                    style: Style::CELL,
                    role: StructRole::TD,
                };
                x += width;
                column
            })
            .collect();
        let node = self.structure.add(Structure::ROOT, StructRole::Table);
        self.space(10.0);
        self.keep_together(4.0 * Style::CELL.line);
        let names: Vec<(Column, &str)> = columns
            .iter()
            .zip(&table.columns)
            .map(|(column, (name, _))| (column.heading(), name.as_str()))
            .collect();
        self.row(node, &names, 3.0);
        for row in &table.rows {
            let sheets = self.pages.len();
            let cells: Vec<(Column, &str)> = columns
                .iter()
                .enumerate()
                .map(|(n, column)| (*column, row.get(n).map_or("", String::as_str)))
                .collect();
            let height = self.height(&cells);
            if self.y + height.min(BOTTOM - TOP) > BOTTOM {
                self.turn();
            }
            if self.pages.len() > sheets {
                self.heading_again(&names);
            }
            self.row(node, &cells, 3.0);
        }
    }

    /// The names of the columns on a further page; whoever is read to has heard them.
    fn heading_again(&mut self, names: &[(Column, &str)]) {
        let mut foot = self.y;
        for (column, name) in names {
            let mut y = self.y;
            for line in self.broken(name, column) {
                let letters = self.face(column.style.cut).set(&line);
                let style = column.style;
                let x = column.x;
                let feet = y + style.line * 0.76;
                self.page()
                    .ornament(|page| page.letters(x, feet, style.cut, style.size, style.colour, &letters));
                y += style.line;
            }
            foot = foot.max(y);
        }
        self.y = foot;
        self.hairline(3.0);
    }

    /// One row of cells, with a hairline below.
    fn row(&mut self, table: Node, cells: &[(Column, &str)], room: f32) {
        let row = self.structure.add(table, StructRole::TR);
        let cells: Vec<(Column, Node, &str)> = cells
            .iter()
            .map(|(column, text)| (*column, self.structure.add(row, column.role), *text))
            .collect();
        self.lines(&cells);
        self.hairline(room);
    }

    fn hairline(&mut self, room: f32) {
        let y = self.y + room;
        self.page()
            .ornament(|page| page.bar(LEFT, y, ACROSS, 0.6, HAIRLINE));
        self.y = y + room + 0.6;
    }

    fn height(&mut self, cells: &[(Column, &str)]) -> f32 {
        cells
            .iter()
            .map(|(column, text)| self.broken(text, column).len() as f32 * column.style.line)
            .fold(0.0, f32::max)
    }

    /// Sets texts beside each other, line by line, over as many pages as they need.
    fn lines(&mut self, texts: &[(Column, Node, &str)]) {
        let broken: Vec<Vec<String>> = texts
            .iter()
            .map(|(column, _, text)| self.broken(text, column))
            .collect();
        let line = texts
            .iter()
            .map(|(column, ..)| column.style.line)
            .fold(0.0, f32::max);
        let total = broken.iter().map(Vec::len).max().unwrap_or(0);
        let mut done = 0;
        while done < total {
            let mut fit = ((BOTTOM - self.y) / line).floor().max(0.0) as usize;
            if fit == 0 {
                self.turn();
                fit = 1.max(((BOTTOM - TOP) / line) as usize);
            }
            let until = total.min(done + fit);
            for ((column, node, _), lines) in texts.iter().zip(&broken) {
                let here = lines.get(done..until.min(lines.len())).unwrap_or_default();
                self.some_lines(*column, *node, here, line);
            }
            self.y += (until - done) as f32 * line;
            done = until;
        }
    }

    fn some_lines(&mut self, column: Column, node: Node, lines: &[String], line: f32) {
        if lines.is_empty() {
            return;
        }
        let style = column.style;
        let set: Vec<Vec<u8>> = {
            let face = self.face(style.cut);
            lines.iter().map(|text| face.set(text)).collect()
        };
        let (top, sheet) = (self.y, self.pages.len() - 1);
        if style.barred {
            let height = lines.len() as f32 * line;
            self.page()
                .ornament(|page| page.bar(LEFT, top, 2.5, height, ACCENT));
        }
        let number = self.structure.mark(node, sheet);
        self.page().mark(column.role.to_name(), number, |page| {
            for (n, letters) in set.iter().enumerate() {
                // The feet stand at three quarters of the line.
                let y = top + n as f32 * line + line * 0.76;
                page.letters(column.x, y, style.cut, style.size, style.colour, letters);
            }
        });
    }

    pub(crate) fn code(&mut self, code: &Code, says: &str) {
        self.keep_together(CODE + 16.0);
        let node = self.structure.add(Structure::ROOT, StructRole::Figure);
        self.structure.says(node, &plain(says));
        let (top, sheet) = (self.y + 10.0, self.pages.len() - 1);
        let side = CODE / (code.size + 2 * QUIET) as f32;
        let quiet = QUIET as f32 * side;
        let runs = code.runs();
        let number = self.structure.mark(node, sheet);
        self.page().mark(StructRole::Figure.to_name(), number, |page| {
            // The light border hangs over the margin, so that the dark squares stand on it.
            page.squares(LEFT, top + quiet, side, &runs);
        });
        self.y = top + CODE;
    }

    /// Lines no wider than the column: broken at blanks, and inside a word that is wider than it.
    fn broken(&mut self, text: &str, column: &Column) -> Vec<String> {
        let style = column.style;
        let face = self.face(style.cut);
        let blank = face.width_of(' ', style.size);
        let mut lines = Vec::new();
        let (mut line, mut filled) = (String::new(), 0.0);
        for word in plain(text).split(' ').filter(|word| !word.is_empty()) {
            let width = face.width(word, style.size);
            if !line.is_empty() && filled + blank + width > column.width {
                // Whoever is read to, or copies the text, needs the blank between the words.
                line.push(' ');
                lines.push(std::mem::take(&mut line));
                filled = 0.0;
            }
            if !line.is_empty() {
                line.push(' ');
                filled += blank;
            }
            if width <= column.width {
                line.push_str(word);
                filled += width;
                continue;
            }
            for c in word.chars() {
                let width = face.width_of(c, style.size);
                if !line.is_empty() && filled + width > column.width {
                    lines.push(std::mem::take(&mut line));
                    filled = 0.0;
                }
                line.push(c);
                filled += width;
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Room before a part, but not at the head of a page.
    fn space(&mut self, points: f32) {
        if self.y > TOP {
            self.y += points;
        }
    }

    /// A new page, if so much does not fit on this one.
    fn keep_together(&mut self, points: f32) {
        if self.y > TOP && self.y + points > BOTTOM {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.pages.push(Page::new());
        self.y = TOP;
    }

    fn page(&mut self) -> &mut Page {
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn face(&mut self, cut: Cut) -> &mut Face {
        &mut self.faces[cut as usize]
    }

    /// Puts title and number at the foot of every page.
    pub(crate) fn finish(mut self, title: &str, of: &str) -> Laid {
        let style = Style::SMALL;
        let column = Column {
            x: LEFT,
            width: ACROSS - 80.0,
            style,
            role: StructRole::P,
        };
        let title = self.broken(title, &column).swap_remove(0);
        let (of, total) = (plain(of), self.pages.len());
        let y = HEIGHT - 40.0;
        for sheet in 0..total {
            let number = if of.is_empty() {
                format!("{}/{total}", sheet + 1)
            } else {
                format!("{} {of} {total}", sheet + 1)
            };
            let face = self.face(style.cut);
            let x = WIDTH - LEFT - face.width(&number, style.size);
            let (name, number) = (face.set(&title), face.set(&number));
            self.pages[sheet].ornament(|page| {
                page.letters(LEFT, y, style.cut, style.size, style.colour, &name);
                page.letters(x, y, style.cut, style.size, style.colour, &number);
            });
        }
        Laid {
            faces: self.faces,
            pages: self.pages,
            structure: self.structure,
        }
    }
}

impl Column {
    fn heading(self) -> Self {
        Self {
            style: Style {
                cut: Cut::Bold,
                colour: PENCIL,
                ..self.style
            },
            role: StructRole::TH,
            ..self
        }
    }
}
