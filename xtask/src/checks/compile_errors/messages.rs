// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a compiler says: errors and warnings, each with the notes that follow it.

use super::expected::{By, Expected};

/// An error or a warning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The text.
    pub text: String,
    /// The C file that was compiled; `None` if the message has no place (clang's assembler).
    pub file: Option<String>,
    /// The lines of that file that the message and its notes name. An error in a macro is at the macro's
    /// place, and a note names the line that uses it.
    pub lines: Vec<usize>,
}

impl Message {
    /// Whether it is this one.
    pub fn is(&self, expected: &Expected) -> bool {
        let is_there = self.file.is_none() || self.lines.contains(&expected.line);
        expected.by != By::Insmod && is_there && self.text.contains(&expected.text)
    }

    fn add_place(&mut self, place: &str) {
        let mut parts = place.rsplitn(3, ':').skip(1);
        let (Some(line), Some(file)) = (parts.next(), parts.next()) else { return };
        let Ok(line) = line.parse() else { return };
        if file.ends_with(".c") && self.file.as_deref().is_none_or(|own| own == file) {
            self.file = Some(file.to_owned());
            self.lines.push(line);
        }
    }
}

const NOTE: &str = "note";

/// A note begins no message.
const KINDS: &[&str] = &["fatal error", "error", "warning", NOTE];

/// All messages in the output of make.
pub fn parse(output: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for line in output.lines() {
        let Some((place, kind, text)) = parts(line) else { continue };
        if kind != NOTE {
            messages.push(Message { text: text.to_owned(), ..Message::default() });
        }
        if let Some(message) = messages.last_mut() {
            message.add_place(place);
        }
    }
    messages
}

/// `PLACE: KIND: TEXT`, or `KIND: TEXT`.
fn parts(line: &str) -> Option<(&str, &'static str, &str)> {
    KINDS.iter().find_map(|kind| {
        let (place, text) = line.split_once(&format!("{kind}: "))?;
        let place = if place.is_empty() { place } else { place.strip_suffix(": ")? };
        // Messages of objtool name no line.
        let is_place =
            place.is_empty() || place.rsplit(':').next().is_some_and(|end| end.parse::<u32>().is_ok());
        is_place.then_some((place, *kind, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
/h/persistent.h:74:9: error: expected ',' or ';' before '__attribute__'
   74 |         __attribute__((x))
/m/gcc/syntax.c:8:17: note: in expansion of macro '__persistent'
make[2]: *** [/m/gcc/syntax.o] Error 1
/m/clang/a.o: warning: objtool: f+0xf: missing int3 after ret
/m/clang/b.c:2:10: fatal error: 'persistent.h' file not found
error: SHT_NOBITS section '.bss' cannot have non-zero initializers
cc1: some warnings being treated as errors
";

    #[test]
    fn an_error_in_a_macro_belongs_to_the_line_that_uses_it() {
        let message = |text: &str, file: Option<&str>, lines: &[usize]| Message {
            text: text.to_owned(),
            file: file.map(str::to_owned),
            lines: lines.to_vec(),
        };
        let wanted = [
            message("expected ',' or ';' before '__attribute__'", Some("/m/gcc/syntax.c"), &[8]),
            message("'persistent.h' file not found", Some("/m/clang/b.c"), &[2]),
            message("SHT_NOBITS section '.bss' cannot have non-zero initializers", None, &[]),
        ];
        assert_eq!(parse(OUTPUT), wanted);
    }
}
