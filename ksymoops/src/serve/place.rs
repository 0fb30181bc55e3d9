// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a place in a request to a query.

use libksym::Query;

use super::error::ServeError;
use super::request::{PlaceParts, PlaceRequest};

/// As for `-A`, an address in a text has at least so many digits.
const MIN_DIGITS: usize = 4;

pub(super) fn query(place: &PlaceRequest) -> Result<Query, ServeError> {
    match place {
        PlaceRequest::Text(text) => of_text(text),
        PlaceRequest::Parts(parts) => of_parts(parts),
    }
}

fn of_text(text: &str) -> Result<Query, ServeError> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_address = digits.len() >= MIN_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(address) = u64::from_str_radix(digits, 16).ok().filter(|_| is_address) {
        return Ok(Query::address(address));
    }
    let mut places = liboops::report::places(text.as_bytes()).into_iter();
    match (places.next(), places.next()) {
        (Some(place), None) if place.symbol.is_some() => Ok(Query::symbol(
            place.module.as_deref(),
            place.symbol.as_deref().unwrap_or_default(),
            place.offset,
            place.size,
        )),
        _ => Err(ServeError::bad_request(format!(
            "{text:?} is neither an address of at least {MIN_DIGITS} hexadecimal digits nor \
             symbol+0x1/0x2 [module]"
        ))),
    }
}

fn of_parts(parts: &PlaceParts) -> Result<Query, ServeError> {
    let query = match (&parts.symbol, parts.address) {
        (Some(symbol), None) => Query::symbol(
            parts.module.as_deref(),
            symbol,
            parts.offset.map_or(0, |offset| offset.0),
            parts.size.map(|size| size.0),
        ),
        (None, Some(address)) if parts.offset.is_none() && parts.size.is_none() && parts.module.is_none() => {
            Query::address(address.0)
        }
        _ => {
            let words = "a place has an address, or a symbol with module, offset and size";
            return Err(ServeError::bad_request(words));
        }
    };
    Ok(if parts.is_return { query.returning() } else { query })
}
