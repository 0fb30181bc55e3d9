// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist tokens`

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use libmodfmt::proc::{NameToken, name_tokens};
use libmodsys::Kernel;
use modcli::escape;
use serde::Serialize;

use crate::aligned_table::{Align, AlignedTable};
use crate::json;

/// Columns of a terminal that the table fits into.
const COLUMNS: usize = 80;

/// A token in the JSON output. Words are strings: as JSON numbers they would lose bits above 2^53.
#[derive(Debug, Serialize)]
struct Token<'t> {
    name: &'t str,
    /// Whether any word is not 0.
    set: bool,
    words: [String; 4],
    /// The first word, unless that is 0.
    address: Option<String>,
    /// The second word, if that can be a length.
    length: Option<u64>,
    module: Option<&'t str>,
    #[serde(rename = "type")]
    type_name: Option<&'t str>,
}

pub(crate) fn run(kernel: &dyn Kernel, as_json: bool, out: &mut dyn Write) -> Result<ExitCode> {
    let Some(text) = kernel.name_tokens()? else {
        if as_json {
            json::print(&[(); 0], out)?;
        } else {
            escape::write_line(out, "This kernel has no tokens: name_token is not loaded.")?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let tokens = name_tokens(&text)
        .collect::<Result<Vec<_>, _>>()
        .context("the kernel's list of tokens is unknown")?;
    if as_json {
        json::print(&tokens.iter().map(json_token).collect::<Vec<_>>(), out)?;
    } else if tokens.is_empty() {
        escape::write_line(out, "There are no tokens.")?;
    } else {
        table(&tokens).print_within(COLUMNS, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn json_token(token: &NameToken) -> Token<'_> {
    Token {
        name: &token.name,
        set: token.is_set(),
        words: token.words.map(hexadecimal),
        address: token.address().map(hexadecimal),
        length: token.length(),
        module: token.module.as_deref(),
        type_name: token.type_name.as_deref(),
    }
}

fn table(tokens: &[NameToken]) -> AlignedTable {
    let columns = [
        ("TOKEN", Align::Left),
        ("ADDRESS", Align::Left),
        ("SIZE", Align::Right),
        ("TYPE", Align::Left),
        ("MODULE", Align::Left),
    ];
    let mut table = AlignedTable::new(&columns);
    let none = || "-".to_owned();
    for token in tokens {
        let address = match token.address() {
            _ if !token.is_set() => "not set".to_owned(),
            Some(address) => hexadecimal(address),
            None => none(),
        };
        table.row(vec![
            token.name.clone(),
            address,
            token.length().map_or_else(none, |length| length.to_string()),
            token.type_name.clone().unwrap_or_else(none),
            token.module.clone().unwrap_or_else(none),
        ]);
    }
    table
}

fn hexadecimal(number: u64) -> String {
    format!("{number:#x}")
}

#[cfg(test)]
mod tests {
    use modtest::FakeKernel;

    use super::*;

    fn said(list: Option<&str>, as_json: bool) -> String {
        let kernel = FakeKernel::new();
        kernel.set(|settings| settings.name_tokens = list.map(|text| text.as_bytes().to_vec()));
        let mut out = Vec::new();
        run(&kernel, as_json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const LIST: &str = "token empty 0 0 0 0 - -\n\
                        token foo_p ffff888003f0e1c0 28 0 0 foo_token struct\\040foo\n\
                        token \\033[31m 0 0 0 7 - -\n";

    #[test]
    fn the_table_has_a_line_for_each() {
        let wanted = "TOKEN    ADDRESS             SIZE  TYPE        MODULE\n\
                      empty    not set                -  -           -\n\
                      foo_p    0xffff888003f0e1c0    40  struct foo  foo_token\n\
                      \\x1b[31m  -                      -  -           -\n";
        let shown = said(Some(LIST), false);
        assert_eq!(shown.lines().count(), 4);
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        let fields = |text: &str| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
        };
        assert_eq!(fields(&shown)[..3], fields(wanted)[..3]);
    }

    #[test]
    fn json_has_what_a_program_needs() {
        let tokens: serde_json::Value = serde_json::from_str(&said(Some(LIST), true)).unwrap();
        assert_eq!(tokens[1]["address"], "0xffff888003f0e1c0");
        assert_eq!((&tokens[1]["length"], &tokens[1]["type"]), (&40.into(), &"struct foo".into()));
        assert_eq!((&tokens[0]["set"], &tokens[2]["set"]), (&false.into(), &true.into()));
        assert_eq!(said(None, true).trim(), "[]");
    }

    #[test]
    fn a_kernel_without_tokens_is_no_error() {
        assert_eq!(said(None, false), "This kernel has no tokens: name_token is not loaded.\n");
        assert_eq!(said(Some(""), false), "There are no tokens.\n");
    }
}
