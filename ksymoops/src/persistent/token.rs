// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a token of `name_token` leads to: memory that modules have allocated and left, which has no symbol.

use libksym::Resolver;
use libmodfmt::proc::NameToken;
use liboops::report::Hex;
use serde::Serialize;

use super::{FieldNames, KnownRegion};

/// A token, as far as ksymoops knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownToken {
    /// Name, words, type.
    pub token: NameToken,
    /// The module that has told the type, without any data: its build id and its file.
    pub(crate) module: Option<KnownRegion>,
    /// Where this is known from, as the annotations say it: `the running kernel`.
    pub source: String,
}

/// What is at an address that a token leads to. Its fields are those of `hit` in the JSON output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenAddress {
    /// The address.
    pub address: Hex,
    /// Name of the token.
    pub token: String,
    /// The address in the token.
    pub target: Hex,
    /// The length in the token, in bytes.
    pub length: Option<u64>,
    /// Offset of the address in what the token leads to, in bytes.
    pub offset: u64,
    /// The module that has told the type.
    pub module: Option<String>,
    /// C type of what the token leads to.
    pub type_name: Option<String>,
    /// The field there, if the type is known: `hits[1]`; with several of that type, `[2].hits[1]`.
    pub path: Option<String>,
    /// Where the token is known from.
    pub source: String,
}

impl TokenAddress {
    /// `token "foo_p"+0x10`
    #[must_use]
    pub fn name(&self) -> String {
        format!("token {:?}+{:#x}", self.token, self.offset)
    }

    /// `token "foo_p"+0x10, hits[1] of struct foo`
    #[must_use]
    pub fn with_field(&self) -> String {
        let name = self.name();
        match (&self.path, &self.type_name) {
            (Some(path), Some(ty)) if !path.is_empty() => format!("{name}, {path} of {ty}"),
            (_, Some(ty)) => format!("{name} ({ty})"),
            (_, None) => name,
        }
    }
}

/// Finds what the tokens say of an address. If several lead there, the one with the least memory.
#[must_use]
pub fn find_token(
    tokens: &[KnownToken],
    names: &FieldNames,
    resolver: &Resolver,
    address: u64,
) -> Option<TokenAddress> {
    let hits = tokens.iter().filter_map(|known| Some((known, known.token.offset_of(address)?)));
    let (known, offset) = hits.min_by_key(|(known, _)| known.token.length().unwrap_or(1))?;
    let NameToken { name, module, type_name, .. } = &known.token;
    let path = known.module.as_ref().zip(type_name.as_ref());
    Some(TokenAddress {
        address: Hex(address),
        token: name.clone(),
        target: Hex(known.token.address()?),
        length: known.token.length(),
        offset,
        module: module.clone(),
        type_name: type_name.clone(),
        path: path.and_then(|(module, ty)| names.path_in_type(module, ty, offset, resolver)),
        source: known.source.clone(),
    })
}

#[cfg(test)]
mod tests {
    use libksym::Sources;

    use super::*;

    fn known(token: NameToken) -> KnownToken {
        KnownToken { token, module: None, source: "a test".into() }
    }

    #[test]
    fn the_innermost_token_is_named() {
        let tokens = [
            known(NameToken::new("all", [0xffff_8880_0000_0000, 0x1000, 0, 0])),
            known(NameToken::new("part \u{1b}", [0xffff_8880_0000_0100, 0x20, 0, 0])),
        ];
        let resolver = Resolver::new(Sources::default());
        let find = |address: u64| {
            find_token(&tokens, &FieldNames::default(), &resolver, address).map(|hit| hit.name())
        };
        assert_eq!(find(0xffff_8880_0000_0110).as_deref(), Some("token \"part \\u{1b}\"+0x10"));
        assert_eq!(find(0xffff_8880_0000_0120).as_deref(), Some("token \"all\"+0x120"));
        assert_eq!(find(0xffff_8880_0000_1000), None);
    }
}
