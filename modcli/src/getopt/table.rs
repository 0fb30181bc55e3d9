// SPDX-License-Identifier: MIT OR Apache-2.0
//! The option table. It is made from the clap definition, so that options are defined only once.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, ArgAction, Command};

use super::error::GetoptError;
use crate::os_text;
use crate::os_text::placeholder;

/// The long options of kmod 34, the same for its insmod and rmmod. An abbreviation that means one of them in
/// kmod means it here, too, although there are more options.
const KMOD: &[&str] = &["force", "syslog", "verbose", "version", "help"];

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// It takes none.
    None,
    /// It needs one, in the same argument or the next.
    Required,
    /// It takes one, in the same argument only.
    Optional,
}

impl Value {
    fn of(arg: &Arg) -> Self {
        match arg.get_num_args() {
            _ if !arg.get_action().takes_values() => Self::None,
            Some(count) if count.min_values() == 0 => Self::Optional,
            _ => Self::Required,
        }
    }
}

/// One option.
#[derive(Debug)]
pub(super) struct Entry {
    short: Option<char>,
    pub long: Option<String>,
    pub value: Value,
    /// Help or version: ends the reading.
    pub ends: bool,
    /// The values it takes; any value if empty.
    allowed: Vec<String>,
}

impl Entry {
    fn new(arg: &Arg) -> Self {
        let action = arg.get_action();
        Self {
            short: arg.get_short(),
            long: arg.get_long().map(str::to_owned),
            value: Value::of(arg),
            ends: matches!(
                action,
                ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
            ),
            allowed: arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
        }
    }

    /// The option with its dashes; the long name if it has one.
    pub fn spelling(&self) -> String {
        match (&self.long, self.short) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => String::new(),
        }
    }

    /// Its position among kmod's options, if it is one of them: errors list them in that order.
    fn kmod_position(&self) -> Option<usize> {
        let long = self.long.as_deref()?;
        KMOD.iter().position(|kmod| *kmod == long)
    }

    pub fn check(&self, value: &OsStr) -> Result<(), GetoptError> {
        if self.value == Value::None
            || self.allowed.is_empty()
            || self.allowed.iter().any(|allowed| value == allowed.as_str())
        {
            return Ok(());
        }
        Err(GetoptError::Value {
            name: self.spelling(),
            value: os_text(value),
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
        let found = self.0.iter().find(|entry| entry.short == Some(char::from(letter)));
        // The C library prints the single byte, even if it is part of a multibyte character.
        let letter_text = if letter.is_ascii() { char::from(letter) } else { placeholder(letter) };
        found.ok_or(GetoptError::InvalidShort { letter: letter_text })
    }

    /// Finds an option by its name or a unique abbreviation; `text` is what was typed, for the error.
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
        if candidates.iter().any(|entry| entry.kmod_position().is_some()) {
            candidates.retain(|entry| entry.kmod_position().is_some());
            candidates.sort_by_key(|entry| entry.kmod_position());
        }
        let text = os_text(OsStr::from_bytes(text));
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
