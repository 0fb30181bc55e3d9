// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C library's words for errors in options.

/// An error in the options. The text is what follows the name of the program.
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
        /// What was typed, value included.
        text: String,
    },
    /// Several long options begin like this.
    #[error("option '--{text}' is ambiguous; possibilities:{}", quoted(candidates))]
    Ambiguous {
        /// What was typed, value included.
        text: String,
        /// The options that begin like it, dashes included.
        candidates: Vec<String>,
    },
    /// A long option lacks its value.
    #[error("option '{name}' requires an argument")]
    MissingLong {
        /// The option, dashes included.
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
        /// The option, dashes included.
        name: String,
    },
    /// The value is none of those that the option takes. The words are ours: `getopt_long` does not look at values.
    #[error("option '{name}' takes {}, not '{value}'", allowed.join(", "))]
    Value {
        /// The option, dashes included.
        name: String,
        /// The value.
        value: String,
        /// What it takes.
        allowed: Vec<String>,
    },
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!(" '{name}'")).collect()
}
