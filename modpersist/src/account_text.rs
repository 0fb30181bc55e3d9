// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of each variable, in words and for JSON.

use libmodfmt::persist::{Account, Fate, Stay, VariableAccount};
use serde::Serialize;

/// What becomes of one variable, for JSON.
#[derive(Debug, Serialize)]
pub(crate) struct VariableVerdict {
    pub(crate) variable: String,
    /// `bound`, `grown`, `shrunk`, `retyped` (in place, with another type that reads the same), `converted`,
    /// `by-hand`, `new` or `refused`.
    pub(crate) fate: &'static str,
    /// The generation that holds it or will hold it; none if it is refused.
    pub(crate) generation: Option<u32>,
    /// What changes about it, or why it is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<String>,
}

/// What becomes of each variable of a file.
pub(crate) fn verdicts(account: &Account) -> Vec<VariableVerdict> {
    let verdict = |own: &VariableAccount| {
        let Described { fate, generation, .. } = describe(account, &own.fate);
        VariableVerdict { variable: own.variable.to_string(), fate, generation, changes: changes(own) }
    };
    account.variables.iter().map(verdict).collect()
}

/// The kept variables that a file does not have.
pub(crate) fn unused(account: &Account) -> Vec<String> {
    account.unused.iter().map(|(_, variable)| variable.to_string()).collect()
}

/// What becomes of a variable, in words.
pub(crate) struct Described {
    /// For JSON.
    pub(crate) fate: &'static str,
    pub(crate) text: String,
    /// The generation that holds it then.
    pub(crate) generation: Option<u32>,
}

pub(crate) fn describe(account: &Account, fate: &Fate) -> Described {
    let (word, text, generation) = match fate {
        Fate::Bound { at, .. } => ("bound", "bound".to_owned(), Some(at.generation)),
        Fate::InPlace { at, stay, .. } => {
            let (word, text) = match stay {
                Stay::Grows => ("grown", "grows in place"),
                Stay::Shrinks => ("shrunk", "shorter, in place"),
                Stay::ReadsTheSame => ("retyped", "reads the same"),
            };
            (word, text.to_owned(), Some(at.generation))
        }
        Fate::Converted { at, .. } => {
            let text = format!("converted, from generation {}", at.generation);
            return Described { fate: "converted", text, generation: Some(account.generation) };
        }
        Fate::ByHand { at } => {
            let text = format!("by its init, from generation {}", at.generation);
            return Described { fate: "by-hand", text, generation: Some(account.generation) };
        }
        Fate::Differs(_) => ("refused", "refused".to_owned(), None),
        // Fate::New, and what a later version may know.
        _ => {
            let text = "new".to_owned();
            return Described { fate: "new", text, generation: Some(account.generation) };
        }
    };
    let text = match generation {
        Some(generation) => format!("{text}, generation {generation}"),
        None => text,
    };
    Described { fate: word, text, generation }
}

/// What changes about a variable, field by field, or why it is refused.
pub(crate) fn changes(own: &VariableAccount) -> Vec<String> {
    if let Fate::Differs(difference) = &own.fate {
        return vec![difference.to_string()];
    }
    let qualifiers = own.variable.qualifiers();
    own.fate.changes().iter().map(|change| format!("{qualifiers}{} {}", change.path, change.what)).collect()
}
