// SPDX-License-Identifier: MIT OR Apache-2.0
//! Errors in options, with the C library's messages.

/// An error in the options. The text follows the program's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GetoptError {
    /// No option has this letter.
    #[error("invalid option -- '{letter}'")]
    InvalidShort {
        /// The letter.
        letter: char,
    },
    /// No long option begins like this.
    #[error("unrecognized option '--{text}'")]
    Unrecognized {
        /// What was typed, including the value.
        text: String,
    },
    /// Several long options begin like this.
    #[error("option '--{text}' is ambiguous; possibilities:{}", quoted(candidates))]
    Ambiguous {
        /// What was typed, including the value.
        text: String,
        /// The options that begin like it, with their dashes.
        candidates: Vec<String>,
    },
    /// A long option lacks its value.
    #[error("option '{name}' requires an argument")]
    MissingLong {
        /// The option, with its dashes.
        name: String,
    },
    /// A short option lacks its value.
    #[error("option requires an argument -- '{letter}'")]
    MissingShort {
        /// The letter.
        letter: char,
    },
    /// A long option has a value but takes none.
    #[error("option '{name}' doesn't allow an argument")]
    NoArgument {
        /// The option, with its dashes.
        name: String,
    },
    /// The option does not take this value. The message is ours: `getopt_long` does not check values.
    #[error("option '{name}' must be {}, not '{value}'", alternatives(allowed))]
    Value {
        /// The option, with its dashes.
        name: String,
        /// The value.
        value: String,
        /// The values it takes.
        allowed: Vec<String>,
    },
}

/// `auto, require or off`
fn alternatives(values: &[String]) -> String {
    match values {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => values.concat(),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!(" '{name}'")).collect()
}
