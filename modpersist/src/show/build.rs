// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the tree of values to what is shown: with the names of types, and of what pointers lead to.

use libmodfmt::types::{TagKind, TypeId, Types, c_declaration, c_text};
use libmodfmt::values::{Missing, Value, ValueKind};

use super::pointers::PointerNames;
use super::shown::{Shown, ShownField, ShownKind, ShownRun};
use crate::hex;

/// Makes values of one source of types presentable.
pub(super) struct Build<'b> {
    pub(super) types: &'b dyn Types,
    pub(super) names: &'b PointerNames<'b>,
    /// The owner whose data is shown: its variables are named without it.
    pub(super) owner: &'b str,
}

impl Build<'_> {
    pub(super) fn shown(&self, value: &Value) -> Shown {
        Shown { kind: self.kind(value), unstable: value.is_unstable }
    }

    fn kind(&self, value: &Value) -> ShownKind {
        match &value.kind {
            ValueKind::Unsigned(number) => ShownKind::Number { value: number.to_string() },
            ValueKind::Signed(number) => ShownKind::Number { value: number.to_string() },
            ValueKind::Character(number) => ShownKind::Char { value: number.to_string() },
            ValueKind::Float(number) => ShownKind::Float { value: number.to_string() },
            ValueKind::Boolean(number) => ShownKind::Bool { value: number.to_string() },
            ValueKind::Enumerator { number, names, rest } => ShownKind::Enum {
                value: number.to_string(),
                names: names.clone(),
                rest: (*rest != 0).then(|| format!("{rest:#x}")),
            },
            ValueKind::Text(bytes) => {
                let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
                let used = bytes.get(..end).unwrap_or_default();
                ShownKind::Text {
                    text: std::str::from_utf8(used).ok().map(str::to_owned),
                    bytes: hex::encode(used),
                    terminated: end < bytes.len() || bytes.is_empty(),
                }
            }
            ValueKind::Pointer { address, target, .. } => ShownKind::Pointer {
                address: format!("{address:#x}"),
                to: self.names.name(*address, Some((self.types, *target)), self.owner),
            },
            ValueKind::Array { len, runs, is_cut } => ShownKind::Array {
                len: *len,
                runs: runs
                    .iter()
                    .map(|run| ShownRun { first: run.first, count: run.count, value: self.shown(&run.value) })
                    .collect(),
                cut: *is_cut,
            },
            ValueKind::Record { kind, fields, is_cut } => {
                let fields = fields.iter().map(|field| self.field(&field.name, field.bits, &field.value));
                let (fields, cut) = (fields.collect(), *is_cut);
                match kind {
                    TagKind::Union => ShownKind::Union { fields, cut },
                    _ => ShownKind::Struct { fields, cut },
                }
            }
            ValueKind::Bytes(bytes) => ShownKind::Bytes { bytes: hex::encode(bytes) },
            ValueKind::Missing(why) => ShownKind::Missing { why: missing(*why).to_owned() },
            _ => ShownKind::Missing { why: "not known to this version".to_owned() },
        }
    }

    fn field(&self, name: &str, bits: u64, value: &Value) -> ShownField {
        let mut declaration = c_declaration(self.types, value.type_id, name);
        if bits > 0 {
            declaration.push_str(&format!(":{bits}"));
        }
        ShownField {
            name: name.to_owned(),
            type_name: self.type_name(value.type_id),
            bits: (bits > 0).then_some(bits),
            value: self.shown(value),
            declaration,
        }
    }

    pub(super) fn type_name(&self, id: TypeId) -> String {
        c_text(self.types, id)
    }
}

fn missing(why: Missing) -> &'static str {
    match why {
        Missing::OutsideBytes => "not read",
        Missing::Depth => "nested too deeply",
        Missing::Limit => "too many values",
        Missing::NoSize => "type not known",
    }
}
