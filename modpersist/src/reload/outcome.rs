// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a reload has done, as text and as JSON.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use modcli::{Level, Output, escape, os_text};
use serde::Serialize;

use super::dependents::Dependent;
use super::refusal::Refusal;
use crate::json;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ending {
    /// The new version runs in place of the old one.
    Reloaded,
    /// The module was not loaded; it is now.
    Loaded,
    /// A reload that was interrupted is finished.
    Resumed,
    /// `--dry-run`
    WouldReload,
    /// Nothing has changed.
    Refused,
    /// The new version did not come up, and the old one runs again.
    WentBack,
    /// Neither version runs.
    Failed,
}

/// Which version runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Runs {
    New,
    Old,
    /// One that another program has loaded.
    Other,
    Nothing,
}

/// What became of a module on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DependentOutcome {
    pub name: String,
    /// The file that it is loaded from.
    pub file: String,
    pub is_loaded: bool,
    /// Why it is not loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl DependentOutcome {
    pub fn new(dependent: &Dependent, error: Option<String>) -> Self {
        Self {
            name: dependent.name.clone(),
            file: os_text(&dependent.version.path),
            is_loaded: error.is_none(),
            error,
        }
    }
}

/// What a reload has done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Outcome {
    pub owner: String,
    pub file: String,
    pub result: Ending,
    pub runs: Runs,
    /// For how long the module was not there, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away_ms: Option<f64>,
    /// The parameters that the new version gets.
    pub parameters: String,
    /// The file that the old version would be loaded from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_back: Option<String>,
    /// In the order in which they are unloaded.
    pub dependents: Vec<DependentOutcome>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// What the user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether data is kept for the module.
    #[serde(skip)]
    pub is_kept: bool,
}

impl Outcome {
    pub fn refused(owner: &str, file: &str, runs: Runs, refusal: Refusal) -> Self {
        let mut errors = vec![refusal.reason];
        errors.extend(refusal.details.iter().map(|line| format!("  {line}")));
        errors.extend(refusal.remedy.iter().flat_map(|remedy| remedy.lines()).map(str::to_owned));
        Self {
            owner: owner.to_owned(),
            file: file.to_owned(),
            result: Ending::Refused,
            runs,
            away_ms: None,
            parameters: String::new(),
            way_back: None,
            dependents: Vec::new(),
            errors,
            notes: Vec::new(),
            is_kept: false,
        }
    }

    pub fn set_away(&mut self, away: Duration) {
        self.away_ms = Some((away.as_secs_f64() * 1e6).round() / 1e3);
    }

    /// Whether all is as the user wants it.
    pub fn is_success(&self) -> bool {
        let is_good =
            matches!(self.result, Ending::Reloaded | Ending::Loaded | Ending::Resumed | Ending::WouldReload);
        is_good && self.dependents.iter().all(|dependent| dependent.is_loaded)
    }

    /// The result to `out`, errors and warnings to `output`.
    pub fn print(&self, as_json: bool, out: &mut dyn Write, output: &mut Output) -> Result<()> {
        if as_json {
            return json::print(self, out);
        }
        let (headline, rest) = match self.errors.split_first() {
            Some((first, rest)) => (Some(first), rest),
            None => (None, &[][..]),
        };
        if let Some(headline) = headline {
            output.error(match self.result {
                Ending::Refused => format!("{} was not reloaded: {headline}", self.subject()),
                _ => format!("{}: {headline}", self.subject()),
            });
        }
        for line in rest {
            output.error(line);
        }
        for note in &self.notes {
            output.always(Level::Warning, format_args!("{}: {note}", self.subject()));
        }
        let line = self.line();
        if self.is_success() {
            escape::write_line(out, line)?;
        } else {
            output.error(line);
        }
        for dependent in self.dependents.iter().filter(|dependent| !dependent.is_loaded) {
            let why = dependent.error.as_deref().unwrap_or("it was not tried");
            output.error(format_args!("{} is not loaded: {why}", dependent.name));
        }
        if self.result == Ending::WouldReload {
            self.print_steps(out)?;
        }
        Ok(())
    }

    fn subject(&self) -> &str {
        if self.owner.is_empty() { &self.file } else { &self.owner }
    }

    fn line(&self) -> String {
        let owner = self.subject();
        let away = self.away_ms.map(|away| format!("away for {away:.1} ms"));
        let with_away = |text: &str| match &away {
            Some(away) => format!("{owner}: {text}, {away}{}", self.on_top()),
            None => format!("{owner}: {text}{}", self.on_top()),
        };
        match (self.result, self.runs) {
            (Ending::Reloaded, _) => with_away("reloaded"),
            (Ending::Loaded, _) => format!("{owner}: loaded"),
            (Ending::Resumed, _) => with_away("the interrupted reload is finished"),
            (Ending::WouldReload, _) => format!("{owner}: would be reloaded from {}", self.file),
            (Ending::Refused, Runs::Nothing) => {
                format!("{owner} is not loaded, as before; nothing has changed")
            }
            // Which module it is could not be found out.
            (Ending::Refused, _) if self.owner.is_empty() => "nothing has changed".to_owned(),
            (Ending::Refused, _) if !self.dependents.is_empty() => {
                format!("{owner} runs as before{}", self.on_top())
            }
            (Ending::Refused, _) => format!("nothing has changed: {owner} runs as before"),
            (Ending::WentBack, _) if self.is_kept => {
                with_away("the version before runs again, with its data")
            }
            (Ending::WentBack, _) => with_away("the version before runs again"),
            (Ending::Failed, Runs::Other) => {
                format!("{owner}: a version runs that another program has loaded")
            }
            (Ending::Failed, _) => {
                format!("{owner} is not loaded")
            }
        }
    }

    fn on_top(&self) -> String {
        let back: Vec<&str> = self
            .dependents
            .iter()
            .rev()
            .filter(|dependent| dependent.is_loaded)
            .map(|dependent| dependent.name.as_str())
            .collect();
        match back.len() {
            0 => String::new(),
            1 => format!("; 1 module on top was reloaded: {}", back.join(", ")),
            count => format!("; {count} modules on top were reloaded: {}", back.join(", ")),
        }
    }

    fn print_steps(&self, out: &mut dyn Write) -> Result<()> {
        let names = self.dependents.iter().map(|dependent| dependent.name.as_str());
        let unloaded: Vec<&str> = names.chain([self.owner.as_str()]).collect();
        escape::write_line(out, format_args!("  unloaded: {}", unloaded.join(", ")))?;
        if !self.parameters.is_empty() {
            escape::write_line(out, format_args!("  parameters: {}", self.parameters))?;
        }
        for dependent in self.dependents.iter().rev() {
            escape::write_line(
                out,
                format_args!("  loaded again: {} from {}", dependent.name, dependent.file),
            )?;
        }
        let way_back = self.way_back.as_deref().unwrap_or("none");
        escape::write_line(out, format_args!("  way back: {way_back}"))?;
        Ok(())
    }
}
