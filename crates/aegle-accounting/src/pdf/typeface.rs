use krilla::text::Font;
use ttf_parser::Face;

const FILES: [&[u8]; 2] =
    [include_bytes!("../../fonts/DejaVuSansCondensed.ttf"), include_bytes!("../../fonts/DejaVuSansCondensed-Bold.ttf")];

/// Which of the typefaces.
pub type Weight = usize;
pub const REGULAR: Weight = 0;
pub const BOLD: Weight = 1;

/// DejaVu Sans Condensed: Latin, Greek, Cyrillic, Armenian, Georgian, Arabic, and no ideographs.
pub struct Typefaces {
    faces: [Face<'static>; 2],
    fonts: [Font; 2],
}

impl Typefaces {
    /// None where one cannot be read.
    pub fn new() -> Option<Self> {
        let face = |weight: Weight| Face::parse(FILES[weight], 0).ok();
        let font = |weight: Weight| Font::new(FILES[weight].into(), 0);
        Some(Self { faces: [face(REGULAR)?, face(BOLD)?], fonts: [font(REGULAR)?, font(BOLD)?] })
    }

    pub fn font(&self, weight: Weight) -> Font {
        self.fonts[weight].clone()
    }

    pub fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let face = &self.faces[weight];
        let advance = |character| face.glyph_index(character).and_then(|glyph| face.glyph_hor_advance(glyph));
        let units: u32 = text.chars().filter_map(advance).map(u32::from).sum();
        units as f32 * size / f32::from(face.units_per_em())
    }

    /// The text with every character that has no picture spelled out, and whether there was one.
    pub fn legible(&self, text: &str, weight: Weight) -> (String, bool) {
        let (mut legible, mut spelled_out) = (String::with_capacity(text.len()), false);
        for character in text.chars() {
            if character.is_whitespace() {
                legible.push(' ');
            } else if !character.is_control() && self.faces[weight].glyph_index(character).is_some() {
                legible.push(character);
            } else {
                legible.push_str(&format!("[U+{:04X}]", u32::from(character)));
                spelled_out = true;
            }
        }
        (legible, spelled_out)
    }

    /// Lines that are not wider than `width`: broken between words where that is possible.
    pub fn wrap(&self, text: &str, weight: Weight, size: f32, width: f32) -> Vec<String> {
        let (mut lines, mut line) = (Vec::new(), String::new());
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, weight, size) <= width {
                line = longer;
                continue;
            }
            lines.extend((!line.is_empty()).then(|| std::mem::take(&mut line)));
            for character in word.chars() {
                line.push(character);
                if self.width(&line, weight, size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        lines.extend((!line.is_empty()).then_some(line));
        lines
    }
}
