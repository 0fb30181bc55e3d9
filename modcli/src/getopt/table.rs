// SPDX-License-Identifier: MIT OR Apache-2.0
//! The option table, taken from the clap definition so that there is only one.

use std::ffi::OsStr;

use clap::{Arg, ArgAction, Command};

use super::GetoptError;

/// One option.
#[derive(Debug)]
pub(super) struct Entry {
    short: Option<char>,
    pub long: Option<String>,
    pub takes_value: bool,
    /// Help and version end the reading.
    pub ends: bool,
    /// Values it is limited to, if any.
    allowed: Vec<String>,
}

impl Entry {
    fn new(arg: &Arg) -> Self {
        let action = arg.get_action();
        Self {
            short: arg.get_short(),
            long: arg.get_long().map(str::to_owned),
            takes_value: action.takes_values(),
            ends: matches!(
                action,
                ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
            ),
            allowed: arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
        }
    }

    /// The option with its dashes, by its long name if it has one.
    pub fn spelling(&self) -> String {
        match (&self.long, self.short) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => String::new(),
        }
    }

    pub fn check(&self, value: &OsStr) -> Result<(), GetoptError> {
        if !self.takes_value
            || self.allowed.is_empty()
            || self.allowed.iter().any(|allowed| value == allowed.as_str())
        {
            return Ok(());
        }
        Err(GetoptError::Value {
            name: self.spelling(),
            value: value.to_string_lossy().into_owned(),
            allowed: self.allowed.clone(),
        })
    }
}

/// All options of a command, in the order of their definition.
#[derive(Debug)]
pub(super) struct Table(Vec<Entry>);

impl Table {
    pub fn new(command: &Command) -> Self {
        Self(command.get_arguments().filter(|arg| !arg.is_positional()).map(Entry::new).collect())
    }

    pub fn short(&self, letter: u8) -> Result<&Entry, GetoptError> {
        let letter = char::from(letter);
        let found = self.0.iter().find(|entry| entry.short == Some(letter));
        found.ok_or(GetoptError::InvalidShort { letter })
    }

    /// By its name or a unique beginning of it; `text` is what was typed, for the error.
    pub fn long(&self, name: &[u8], text: &[u8]) -> Result<&Entry, GetoptError> {
        let mut candidates = Vec::new();
        for entry in &self.0 {
            let Some(long) = &entry.long else { continue };
            if long.as_bytes() == name {
                return Ok(entry);
            }
            if long.as_bytes().starts_with(name) {
                candidates.push(entry);
            }
        }
        let text = String::from_utf8_lossy(text).into_owned();
        match candidates.as_slice() {
            [] => Err(GetoptError::Unrecognized { text }),
            [only] => Ok(only),
            several => Err(GetoptError::Ambiguous {
                text,
                candidates: several.iter().map(|entry| entry.spelling()).collect(),
            }),
        }
    }
}
