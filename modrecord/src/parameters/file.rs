// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of a file of saved parameters: `name=value` lines, comments, empty lines.
//!
//! Whatever a person wrote stays: comments and the order of lines. Lines that begin with `#%` are the
//! program's own and are written anew each time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use libmodsys::files;

use super::error::SavedParametersError;
use super::quoting;

/// modutils' limit for a line.
const MAX_LINE_BYTES: usize = 3000;

/// modutils' limit for a file.
const MAX_PARAMETERS: usize = 1000;

/// More than a file with as many parameters and as long lines as are allowed has, in bytes.
const MAX_FILE_BYTES: u64 = 8 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Text(Vec<u8>),
    Value { name: String, value: Vec<u8> },
}

/// A file of saved parameters, in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedParameters(Vec<Line>);

impl SavedParameters {
    /// Reads a file. One that does not exist is empty.
    ///
    /// # Errors
    /// [`SavedParametersError::File`], [`SavedParametersError::Content`]
    pub fn read(path: &Path) -> Result<Self, SavedParametersError> {
        match files::read_regular(path, MAX_FILE_BYTES) {
            Ok(text) => Self::parse_file(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(SavedParametersError::file("read", path, &error)),
        }
    }

    /// Parses the text of a file; errors name the file.
    pub(super) fn parse_file(path: &Path, text: &[u8]) -> Result<Self, SavedParametersError> {
        Self::parse(text).map_err(|error| match error {
            SavedParametersError::Line { line, problem } => {
                SavedParametersError::Content { path: path.to_owned(), line, problem }
            }
            other => other,
        })
    }

    /// Whether the line for a value is short enough to be read back.
    pub(super) fn has_room_for(name: &str, value: &[u8]) -> bool {
        let line = name.len().saturating_add(1).saturating_add(quoting::encode(value).len());
        line <= MAX_LINE_BYTES
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// [`SavedParametersError::Line`]
    pub fn parse(text: &[u8]) -> Result<Self, SavedParametersError> {
        let mut lines = Vec::new();
        let mut values = 0;
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let wrong = |problem| SavedParametersError::Line { line: index + 1, problem };
            if line.len() > MAX_LINE_BYTES {
                return Err(wrong("it is longer than 3000 bytes"));
            }
            let trimmed = line.trim_ascii();
            match trimmed {
                [b'#', b'%', ..] => {}
                [] | [b'#', ..] => lines.push(Line::Text(line.to_vec())),
                _ => {
                    values += 1;
                    if values > MAX_PARAMETERS {
                        return Err(wrong("there are more than 1000 parameters"));
                    }
                    lines.push(parameter(trimmed).map_err(wrong)?);
                }
            }
        }
        // A newline ends a line; it does not begin another.
        if lines.last() == Some(&Line::Text(Vec::new())) {
            lines.pop();
        }
        Ok(Self(lines))
    }

    /// Names and values, in the order of the file.
    pub fn values(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().filter_map(|line| match line {
            Line::Value { name, value } => Some((name.as_str(), value.as_slice())),
            Line::Text(_) => None,
        })
    }

    /// Sets new values. Parameters that the file does not have yet are added at its end.
    pub fn update(&mut self, values: &BTreeMap<String, Vec<u8>>) {
        for (name, new) in values {
            let mut found = false;
            for line in &mut self.0 {
                if let Line::Value { name: own, value } = line
                    && own == name
                {
                    value.clone_from(new);
                    found = true;
                }
            }
            if !found {
                self.0.push(Line::Value { name: name.clone(), value: new.clone() });
            }
        }
    }

    /// Removes a parameter.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|line| !matches!(line, Line::Value { name: own, .. } if own == name));
    }

    /// The text, with the given lines at its head. A name that is not in `known` gets a warning above it.
    #[must_use]
    pub fn render(&self, head: &[String], known: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
        let mut text = Vec::new();
        for line in head {
            text.extend(format!("#% {line}\n").into_bytes());
        }
        for line in &self.0 {
            match line {
                Line::Text(words) => text.extend(words),
                Line::Value { name, value } => {
                    if !known.contains_key(name) {
                        text.extend(
                            format!("#% Warning: parameter {name} is not supported in this kernel\n")
                                .into_bytes(),
                        );
                    }
                    text.extend(format!("{name}=").into_bytes());
                    text.extend(quoting::encode(value));
                }
            }
            text.push(b'\n');
        }
        text
    }
}

fn parameter(line: &[u8]) -> Result<Line, &'static str> {
    let at = line.iter().position(|byte| *byte == b'=').ok_or("there is no =")?;
    let (name, rest) = line.split_at(at);
    let name = std::str::from_utf8(name.trim_ascii_end()).map_err(|_| "the name is not UTF-8")?;
    if name.is_empty() {
        return Err("there is no name before the =");
    }
    let value = quoting::decode(rest.get(1..).unwrap_or_default().trim_ascii_start())?;
    Ok(Line::Value { name: name.to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        values.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    #[test]
    fn comments_and_order_stay() {
        let mut file = SavedParameters::parse(b"#% Kernel old\n# mine\nb=1\n\ngone=7\na=\"x y\"\n").unwrap();
        let now = map(&[("a", "z"), ("b", "2"), ("c", "3,4")]);
        file.update(&now);
        let wanted = "#% Kernel new\n# mine\nb=2\n\n\
            #% Warning: parameter gone is not supported in this kernel\ngone=7\na=z\nc=3,4\n";
        let text = file.render(&["Kernel new".to_owned()], &now);
        assert_eq!(String::from_utf8(text.clone()).unwrap(), wanted);
        assert_eq!(SavedParameters::parse(&text).unwrap(), file);
    }

    #[test]
    fn errors_name_the_line() {
        let error = |text: &[u8]| SavedParameters::parse(text).unwrap_err().to_string();
        assert_eq!(error(b"a=1\nb\n"), "line 2: there is no =");
        assert_eq!(error(b"=1"), "line 1: there is no name before the =");
        assert_eq!(error(&[b'x'; 3001]), "line 1: it is longer than 3000 bytes");
        assert!(SavedParameters::parse(&b"a=1\n".repeat(1001)).is_err());
    }
}
