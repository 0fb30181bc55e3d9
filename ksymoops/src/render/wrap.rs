// SPDX-License-Identifier: MIT OR Apache-2.0
//! Breaks long lines between words.

/// Breaks a text into lines of at most `width` letters, the lines after the first one of `rest`. A word that
/// is longer gets a line of its own. Blanks between words stay as they are.
pub(super) fn wrap(text: &str, width: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut letters = 0_usize;
    for word in text.split_inclusive(' ') {
        let length = word.trim_end_matches(' ').chars().count();
        let limit = if lines.is_empty() { width } else { rest };
        if letters > 0 && !line.trim().is_empty() && letters.saturating_add(length) > limit {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            letters = 0;
        }
        line.push_str(word);
        letters = letters.saturating_add(word.chars().count());
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn between_words() {
        assert_eq!(wrap("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrap("one  two", 80, 80), ["one  two"]);
        assert_eq!(wrap("  longerthanall x", 5, 5), ["  longerthanall", "x"]);
        assert_eq!(wrap("", 5, 5), [""]);
    }
}
