// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads arguments one by one and brings them into canonical form.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::Command;

use super::error::GetoptError;
use super::table::{Entry, Table, Value};
use crate::Invocation;

/// The arguments in canonical form: the program's name, each option by its long name with its value after
/// `=`, then `--` and the operands. After `-h` or `-V`, the program's name and that option only.
///
/// # Errors
/// [`GetoptError`], with the C library's message.
pub fn canonical(command: &Command, invocation: &Invocation) -> Result<Vec<OsString>, GetoptError> {
    let table = Table::new(command);
    let mut reader = Reader { table: &table, options: Vec::new(), ends: None };
    let mut operands = Vec::new();
    let mut args = invocation.args.iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_bytes() {
            b"--" => {
                operands.extend(args.by_ref());
                break;
            }
            [b'-', b'-', name @ ..] => reader.long(name, &mut args)?,
            [b'-', first, rest @ ..] => reader.bundle(*first, rest, &mut args)?,
            // An operand; so is a lone "-".
            _ => {
                operands.push(arg);
                if invocation.posixly_correct {
                    operands.extend(args.by_ref());
                }
            }
        }
        if let Some(option) = reader.ends {
            return Ok(vec![invocation.program().to_owned(), option]);
        }
    }
    let program = std::iter::once(invocation.program().to_owned());
    let options = reader.options.into_iter();
    let rest = std::iter::once(OsString::from("--")).chain(operands.into_iter().cloned());
    Ok(program.chain(options).chain(rest).collect())
}

struct Reader<'a> {
    table: &'a Table,
    options: Vec<OsString>,
    /// `-h` or `-V`, once it has been read: nothing after it is.
    ends: Option<OsString>,
}

impl Reader<'_> {
    /// `--name` or `--name=value`, without the dashes.
    fn long<'b>(
        &mut self,
        text: &[u8],
        args: &mut impl Iterator<Item = &'b OsString>,
    ) -> Result<(), GetoptError> {
        let (name, inline) = match text.iter().position(|&byte| byte == b'=') {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            None => (text, None),
        };
        let entry = self.table.long(name, text)?;
        match (entry.value, inline) {
            (Value::None, Some(_)) => Err(GetoptError::NoArgument { name: entry.spelling() }),
            (Value::None | Value::Optional, None) => self.push(entry, None),
            (Value::Required | Value::Optional, Some(value)) => {
                self.push(entry, Some(OsStr::from_bytes(value)))
            }
            (Value::Required, None) => match args.next() {
                Some(value) => self.push(entry, Some(value)),
                None => Err(GetoptError::MissingLong { name: entry.spelling() }),
            },
        }
    }

    /// `-abc`: several options in one argument. The last may take a value: the rest of the argument, or else
    /// the next argument.
    fn bundle<'b>(
        &mut self,
        first: u8,
        rest: &[u8],
        args: &mut impl Iterator<Item = &'b OsString>,
    ) -> Result<(), GetoptError> {
        let mut letter = first;
        let mut rest = rest;
        loop {
            let entry = self.table.short(letter)?;
            if entry.value != Value::None {
                let value = match (rest, entry.value) {
                    ([], Value::Required) => args.next().map(OsString::as_os_str),
                    ([], _) => return self.push(entry, None),
                    _ => Some(OsStr::from_bytes(rest)),
                };
                return match value {
                    Some(value) => self.push(entry, Some(value)),
                    None => Err(GetoptError::MissingShort { letter: char::from(letter) }),
                };
            }
            self.push(entry, None)?;
            match rest.split_first() {
                Some((&next, after)) if self.ends.is_none() => (letter, rest) = (next, after),
                _ => return Ok(()),
            }
        }
    }

    fn push(&mut self, entry: &Entry, value: Option<&OsStr>) -> Result<(), GetoptError> {
        if let Some(value) = value {
            entry.check(value)?;
        }
        let mut option = OsString::from(entry.spelling());
        if let Some(value) = value {
            if entry.long.is_some() {
                option.push("=");
            }
            option.push(value);
        }
        if entry.ends {
            self.ends = Some(option);
        } else {
            self.options.push(option);
        }
        Ok(())
    }
}
