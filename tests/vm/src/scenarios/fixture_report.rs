// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a fixture reports about its variables: lines of `name address value` in a parameter.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, ensure};

use crate::ctx::Ctx;

/// Each variable's address and value, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixtureReport(BTreeMap<String, (u64, String)>);

impl FixtureReport {
    /// Reads `/sys/module/MODULE/parameters/report`.
    pub fn read(ctx: &Ctx, module: &str) -> Result<Self> {
        Self::parse(&ctx.parameter(module, "report")?).with_context(|| format!("the report of {module}"))
    }

    /// Reads the text of that parameter.
    pub fn parse(text: &str) -> Result<Self> {
        let mut variables = BTreeMap::new();
        for line in text.lines() {
            let mut words = line.splitn(3, ' ');
            let (Some(name), Some(address)) = (words.next(), words.next()) else { continue };
            let address = address.trim_start_matches("0x");
            let address = match address {
                "(null)" => 0,
                _ => u64::from_str_radix(address, 16).with_context(|| format!("bad address in {line:?}"))?,
            };
            variables.insert(name.to_owned(), (address, words.next().unwrap_or_default().to_owned()));
        }
        ensure!(!variables.is_empty(), "it is empty");
        Ok(Self(variables))
    }

    /// The value of one variable.
    pub fn value(&self, name: &str) -> Result<&str> {
        Ok(&self.entry(name)?.1)
    }

    /// The address of one variable.
    pub fn address(&self, name: &str) -> Result<u64> {
        Ok(self.entry(name)?.0)
    }

    /// Every variable: name, address, value.
    pub fn variables(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        self.0.iter().map(|(name, (address, value))| (name.as_str(), *address, value.as_str()))
    }

    fn entry(&self, name: &str) -> Result<&(u64, String)> {
        self.0.get(name).ok_or_else(|| anyhow!("no variable {name} in the report"))
    }

    /// Fails unless every variable, except those in `but`, has the same address and value as before.
    pub fn same_as(&self, before: &Self, but: &[&str]) -> Result<()> {
        ensure!(self.0.len() == before.0.len(), "the variables differ: {self:?} and {before:?}");
        for (name, old) in &before.0 {
            let new = self.entry(name)?;
            if !but.contains(&name.as_str()) {
                ensure!(new == old, "{name} was {old:x?}, is {new:x?}");
            }
        }
        Ok(())
    }
}

/// Variables that do not count loads.
const STEADY: &[&str] = &["where", "end", "constant"];

/// Whether this is the value after one load more: numbers count loads, unless they are constants, and a
/// text's first letter changes between lower and upper case.
pub fn counts_on(name: &str, old: &str, new: &str) -> bool {
    match old.parse::<u64>() {
        Ok(_) if STEADY.contains(&name) => new == old,
        Ok(number) => new.parse() == Ok(number + 1),
        Err(_) => new != old && new.eq_ignore_ascii_case(old),
    }
}
