/// How wide a page is.
const COLUMNS: usize = 80;

/// Text of 80 columns, made line by line.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// A heading, after an empty line unless it is the first.
    pub(super) fn heading(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.hanging(text, 0);
    }

    /// A paragraph below a heading, whose further lines stand further in.
    pub(super) fn item(&mut self, text: &str) {
        self.hanging(&format!("  {text}"), 4);
    }

    /// Columns as wide as they must be; the last one is wrapped.
    pub(super) fn table<const N: usize>(&mut self, rows: &[[String; N]]) {
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        };
        for row in rows {
            let mut line = " ".to_owned();
            for (n, cell) in row[..N - 1].iter().enumerate() {
                let width = width(n);
                line.push_str(&format!(" {cell:width$} "));
            }
            line.push(' ');
            let indent = line.chars().count();
            self.hanging(&format!("{line}{}", row[N - 1]), indent.min(COLUMNS / 2));
        }
    }

    /// Breaks `text` at spaces; lines after the first begin with `indent` spaces.
    fn hanging(&mut self, text: &str, indent: usize) {
        let words = text.trim_start();
        let start = text.len() - words.len();
        self.0.push_str(&text[..start]);
        let mut column = start;
        for (n, word) in glued(words).iter().enumerate() {
            let width = word.chars().count();
            if n > 0 && column + 1 + width > COLUMNS && width > 0 {
                self.trim();
                self.0.push('\n');
                self.0.push_str(&" ".repeat(indent));
                column = indent;
            } else if n > 0 {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(word);
            column += width;
        }
        self.trim();
        self.0.push('\n');
    }

    fn trim(&mut self) {
        self.0.truncate(self.0.trim_end_matches(' ').len());
    }
}

/// Words between single spaces; a number stays with its unit. Columns of a table are kept apart by
/// more spaces, which are empty words.
fn glued(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_end_matches([',', ';', ':', ')']);
        let unit = ["ns", "us", "ms", "s", "min", "h", "d", "%"].contains(&bare);
        match words.last_mut() {
            Some(number) if unit && number.ends_with(|c: char| c.is_ascii_digit()) => {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_hang() {
        let mut page = Page::default();
        page.heading("Title");
        page.item(&"word ".repeat(30));
        let text = page.into_text();
        assert!(
            text.lines()
                .all(|line| line.len() <= COLUMNS && line == line.trim_end())
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("  word") && lines[2].starts_with("    word"));
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        assert_eq!(glued("after 5 s, 2 times"), ["after", "5 s,", "2", "times"]);
        assert_eq!(glued("a  b"), ["a", "", "b"]);
    }
}
