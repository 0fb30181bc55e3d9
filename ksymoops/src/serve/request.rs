// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fields of requests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

/// What a request says about its kernel. What it does not say is as on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct KernelRequest {
    /// `-v`
    pub vmlinux: Option<PathBuf>,
    /// `-m`
    pub system_map: Option<PathBuf>,
    /// `-k`
    pub kallsyms: Option<PathBuf>,
    /// `-l`
    pub lsmod: Option<PathBuf>,
    /// `-o`
    pub modules: Option<Vec<PathBuf>>,
    /// `--debug-dir`
    pub debug_dirs: Option<Vec<PathBuf>>,
    /// `--root`
    pub root: Option<PathBuf>,
    /// False for `--no-discovery`.
    pub discovery: Option<bool>,
    /// `--release`
    pub release: Option<String>,
    /// `--kaslr-offset`
    pub kaslr_offset: Option<String>,
    /// `--persist`
    pub persist: Option<Vec<PathBuf>>,
    /// `--boot`
    pub boot: Option<String>,
    /// The running kernel's symbols, modules and persistent data are used as well.
    pub running: bool,
}

/// A 64-bit number: a string of hexadecimal digits, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        let invalid = || serde::de::Error::custom("a number or a string of up to 16 hexadecimal digits");
        match Form::deserialize(deserializer).map_err(|_| invalid())? {
            Form::Number(number) => Ok(Self(number)),
            Form::Text(text) => {
                let digits = text.strip_prefix("0x").unwrap_or(&text);
                let is_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let number = u64::from_str_radix(digits, 16).ok().filter(|_| is_digits);
                number.map(Self).ok_or_else(invalid)
            }
        }
    }
}

/// A place: `"vfs_read+0x1b/0x200 [m]"`, `"0xffffffff81234567"`, or its parts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "a place is a string, or an object with address, or with symbol, module, offset, size"
)]
pub(super) enum PlaceRequest {
    Text(String),
    Parts(PlaceParts),
}

/// The parts of a place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceParts {
    pub address: Option<Number>,
    pub symbol: Option<String>,
    #[serde(default)]
    pub module: Option<String>,
    pub offset: Option<Number>,
    pub size: Option<Number>,
    /// The place is a return address: the call before it is looked up.
    #[serde(default, rename = "return")]
    pub is_return: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Symbolize {
    #[serde(default)]
    pub kernel: KernelRequest,
    pub places: Vec<PlaceRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disassemble {
    #[serde(default)]
    pub kernel: KernelRequest,
    /// Around this place, as the file has it.
    pub place: Option<PlaceRequest>,
    pub before: Option<usize>,
    pub after: Option<usize>,
    /// These bytes, in hexadecimal.
    pub code: Option<String>,
    pub marker: Option<usize>,
    pub arch: Option<String>,
    pub pc: Option<Number>,
    #[serde(default)]
    pub registers: BTreeMap<String, Number>,
    pub fault_address: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decode {
    #[serde(default)]
    pub kernel: KernelRequest,
    pub log: Option<String>,
    pub file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Persistent {
    #[serde(default)]
    pub kernel: KernelRequest,
    pub addresses: Vec<Number>,
}

/// A request without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}
