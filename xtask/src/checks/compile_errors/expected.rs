// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `//#` lines: who says what about the next line that is none.

use anyhow::{Context, Result, bail};

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// gcc
    Gcc,
    /// clang
    Clang,
    /// insmod, about what compiles.
    Insmod,
}

impl By {
    const ALL: [Self; 3] = [Self::Gcc, Self::Clang, Self::Insmod];

    /// As it is in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gcc => "gcc",
            Self::Clang => "clang",
            Self::Insmod => "insmod",
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Who says it.
    pub by: By,
    /// The number of the line that is wrong, from 1.
    pub line: usize,
    /// What is in the message.
    pub text: String,
}

/// The messages of a file.
pub fn read(text: &str) -> Result<Vec<Expected>> {
    let (mut all, mut waiting): (_, Vec<Expected>) = (Vec::new(), Vec::new());
    for (line, number) in text.lines().zip(1..) {
        if let Some(directive) = line.trim_start().strip_prefix("//#") {
            waiting.push(directive_of(directive.trim()).with_context(|| format!("line {number}"))?);
        } else {
            all.extend(waiting.drain(..).map(|expected| Expected { line: number, ..expected }));
        }
    }
    if !waiting.is_empty() {
        bail!("no line follows the last //#");
    }
    Ok(all)
}

fn directive_of(text: &str) -> Result<Expected> {
    let (name, text) = text.split_once(':').context("it takes WHO: TEXT")?;
    let by = By::ALL.into_iter().find(|by| by.name() == name);
    let by = by.with_context(|| format!("{name} is none of gcc, clang, insmod"))?;
    Ok(Expected { by, line: 0, text: text.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_line_of_code_is_meant() {
        let text = "int a;\n\t//# gcc: one: 1\n\t//# clang: two\n\tint b;\n";
        let wanted = [(By::Gcc, 4, "one: 1"), (By::Clang, 4, "two")];
        let wanted = wanted.map(|(by, line, text)| Expected { by, line, text: text.to_owned() });
        assert_eq!(read(text).unwrap(), wanted);
        for bad in ["//# icc: x\nint a;", "//# gcc\nint a;", "//# gcc: x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
