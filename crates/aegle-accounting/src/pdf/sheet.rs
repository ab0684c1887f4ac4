//! Lines of text on pages of A4, in points from the upper left corner.

use krilla::{
    Document,
    geom::{PathBuilder, Point},
    page::PageSettings,
    paint::{Fill, Stroke},
    text::TextDirection,
};

use super::typeface::{BOLD, REGULAR, Typefaces, Weight};

const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 48.0;
pub const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
const BOTTOM: f32 = PAGE.1 - MARGIN - 14.0;
/// Height of a line, as a multiple of its letters' size.
const LEADING: f32 = 1.3;
/// Between columns.
const GUTTER: f32 = 6.0;
const FOOTER: f32 = 7.0;

enum Mark {
    Text { x: f32, y: f32, weight: Weight, size: f32, text: String },
    Rule { y: f32 },
}

/// What goes onto the pages, from top to bottom.
pub struct Sheet<'a> {
    typefaces: &'a Typefaces,
    pages: Vec<Vec<Mark>>,
    y: f32,
    /// Stands below every page, before its number.
    footer: String,
    /// The heads of the columns, again on every page that the table goes on.
    heads: Vec<(f32, String)>,
    /// Whether a character was spelled out.
    pub spelled_out: bool,
}

impl<'a> Sheet<'a> {
    pub fn new(typefaces: &'a Typefaces, footer: String) -> Self {
        Self { typefaces, pages: vec![Vec::new()], y: MARGIN, footer, heads: Vec::new(), spelled_out: false }
    }

    pub fn gap(&mut self, height: f32) {
        self.y += height;
    }

    /// A paragraph over the whole width.
    pub fn text(&mut self, text: &str, weight: Weight, size: f32) {
        let lines = self.lines(text, weight, size, WIDTH);
        for text in lines {
            self.room(size * LEADING);
            self.y += size * LEADING;
            self.mark(Mark::Text { x: MARGIN, y: self.y, weight, size, text });
        }
        self.gap(size * 0.3);
    }

    /// Begins a table.
    pub fn columns(&mut self, widths: &[f32], titles: &[&str]) {
        let starts = widths.iter().scan(MARGIN, |x, width| Some(std::mem::replace(x, *x + width)));
        self.heads = starts.zip(titles).map(|(x, title)| (x, (*title).to_owned())).collect();
        self.room(60.0);
        self.head();
    }

    /// A row of the table, on one page. A line feed in a cell begins a line.
    pub fn row(&mut self, widths: &[f32], cells: &[String], size: f32) {
        let cells = cells.iter().zip(widths);
        let cells: Vec<Vec<String>> = cells.map(|(cell, width)| self.cell(cell, size, width - GUTTER)).collect();
        let most = cells.iter().map(Vec::len).max().unwrap_or(0);
        let height = most as f32 * size * LEADING;
        if self.y + height + GUTTER > BOTTOM {
            self.page();
            self.head();
        }
        // Cell by cell, so that who copies or hears the text has each as a whole.
        for (place, cell) in cells.into_iter().enumerate() {
            let Some(x) = self.heads.get(place).map(|(x, _)| *x) else { continue };
            for (number, text) in (1_u16..).zip(cell) {
                let y = self.y + f32::from(number) * size * LEADING;
                self.mark(Mark::Text { x, y, weight: REGULAR, size, text });
            }
        }
        self.y += height;
        self.rule();
    }

    fn cell(&mut self, text: &str, size: f32, width: f32) -> Vec<String> {
        text.lines().flat_map(|line| self.lines(line, REGULAR, size, width)).collect()
    }

    fn lines(&mut self, text: &str, weight: Weight, size: f32, width: f32) -> Vec<String> {
        let (legible, spelled_out) = self.typefaces.legible(text, weight);
        self.spelled_out |= spelled_out;
        self.typefaces.wrap(&legible, weight, size, width)
    }

    fn head(&mut self) {
        self.y += 12.0;
        for (x, text) in self.heads.clone() {
            self.mark(Mark::Text { x, y: self.y, weight: BOLD, size: 8.0, text });
        }
        self.rule();
    }

    fn rule(&mut self) {
        self.y += GUTTER / 2.0;
        self.mark(Mark::Rule { y: self.y });
    }

    /// Begins a page where `height` does not fit below.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.page();
        }
    }

    fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub fn draw(mut self, document: &mut Document) {
        let count = self.pages.len();
        let y = PAGE.1 - MARGIN;
        for number in 0..count {
            let text = format!("{} · page {} of {count}", self.footer, number + 1);
            self.pages[number].push(Mark::Text { x: MARGIN, y, weight: REGULAR, size: FOOTER, text });
        }
        for marks in &self.pages {
            let Some(settings) = PageSettings::from_wh(PAGE.0, PAGE.1) else { continue };
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for mark in marks {
                match mark {
                    Mark::Text { x, y, weight, size, text } => {
                        surface.set_stroke(None);
                        surface.set_fill(Some(Fill::default()));
                        let (font, at) = (self.typefaces.font(*weight), Point::from_xy(*x, *y));
                        surface.draw_text(at, font, *size, text, false, TextDirection::Auto);
                    }
                    Mark::Rule { y } => {
                        let mut line = PathBuilder::new();
                        line.move_to(MARGIN, *y);
                        line.line_to(MARGIN + WIDTH, *y);
                        let Some(line) = line.finish() else { continue };
                        surface.set_fill(None);
                        surface.set_stroke(Some(Stroke { width: 0.4, ..Stroke::default() }));
                        surface.draw_path(&line);
                    }
                }
            }
            surface.finish();
            page.finish();
        }
    }
}
