// SPDX-License-Identifier: MIT OR Apache-2.0
//! Packages from another release of the distribution, or for another architecture.
//!
//! The machine's own apt sources are copied with the release's name replaced. The package lists and archives
//! of that copy are in the cache, so the machine itself never installs from it, and no mirror is hard-coded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::{cache, process, ui};

/// A release, by its code name, or several together, for one architecture.
pub struct Release {
    name: String,
    /// Below the cache: the lists, and what apt needs beside them.
    home: PathBuf,
    options: Vec<String>,
}

/// A file whose time is that of the last update.
const UPDATED: &str = "updated";

/// After this time the lists are fetched again.
const LISTS_LIMIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Release {
    /// Another release. Copies the machine's apt sources with the release's name replaced.
    pub fn named(name: &str) -> Result<Self> {
        Self::in_cache(&[name], name)
    }

    /// Several suites together: a release and one that adds to it, such as its backports. apt takes a package
    /// from the second only if the first lacks it.
    pub fn of_suites(suites: &[&str]) -> Result<Self> {
        Self::in_cache(suites, &suites.join("+"))
    }

    /// A release for another architecture (Debian's name of it).
    pub fn of_architecture(name: &str, architecture: &str) -> Result<Self> {
        Self::of_suites_for(&[name], architecture)
    }

    /// Several suites together, for another architecture.
    pub fn of_suites_for(suites: &[&str], architecture: &str) -> Result<Self> {
        let mut release = Self::in_cache(suites, &format!("{}-{architecture}", suites.join("+")))?;
        release.options.push(format!("APT::Architecture={architecture}"));
        release.options.push(format!("APT::Architectures={architecture}"));
        Ok(release)
    }

    fn in_cache(suites: &[&str], directory: &str) -> Result<Self> {
        let own = own_name()?;
        let home = cache::root()?.join("apt").join(directory);
        let parts = home.join("sources.list.d");
        for directory in [&parts, &home.join("lists/partial"), &home.join("cache/archives/partial")] {
            fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        let mut found = false;
        for source in own_sources()? {
            let text =
                fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
            let lines = source.extension().is_some_and(|extension| extension == "list");
            let renamed = suites.iter().map(|name| match lines {
                true => lines_for(&text, &own, name),
                false => stanzas_for(&text, &own, name),
            });
            let changed: String = renamed.collect();
            found |= !changed.is_empty();
            fs::write(parts.join(source.file_name().unwrap_or_default()), changed)?;
        }
        if !found {
            bail!("none of this machine's apt sources is for its own release ({own})");
        }
        let path = |below: &str| home.join(below).display().to_string();
        // Nothing is installed as far as this copy is concerned: what the machine has must not show in it.
        fs::write(home.join("status"), "").with_context(|| format!("cannot write {}", path("status")))?;
        let options = [
            // A file that does not exist, because all sources are in the directory.
            format!("Dir::Etc::sourcelist={}", path("none")),
            format!("Dir::Etc::sourceparts={}", path("sources.list.d")),
            format!("Dir::State::lists={}", path("lists")),
            format!("Dir::Cache={}", path("cache")),
            format!("Dir::State::status={}", path("status")),
            "Acquire::Languages=none".to_owned(),
        ];
        Ok(Self { name: directory.to_owned(), home, options: options.into() })
    }

    /// Looks up a package. Fetches the package lists if there are none yet.
    pub fn package(&self, name: &str) -> Result<apt::Package> {
        self.refresh()?;
        apt::lookup_from(&self.options, name)
            .with_context(|| format!("apt has no package {name} in {}", self.name))
    }

    /// Looks up a package of one of its suites, even if another suite has a version that apt prefers.
    pub fn package_of(&self, suite: &str, name: &str) -> Result<apt::Package> {
        self.refresh()?;
        let mut options = self.options.clone();
        options.push(format!("APT::Default-Release={suite}"));
        apt::lookup_from(&options, name).with_context(|| format!("apt has no package {name} in {suite}"))
    }

    /// Downloads packages with all that they depend on and unpacks it into `directory`.
    pub fn unpack_whole(&self, names: &[String], directory: &Path) -> Result<()> {
        self.refresh()?;
        apt::unpack_whole(&self.options, names, directory, || self.update())
    }

    /// Downloads packages and unpacks them all into `directory`.
    pub fn unpack(&self, names: &[String], directory: &Path) -> Result<()> {
        self.refresh()?;
        apt::unpack_from(&self.options, names, directory, || self.update())
    }

    /// Fetches the lists if there are none, or none that apt has looked at lately.
    pub fn refresh(&self) -> Result<()> {
        let lists = fs::read_dir(self.home.join("lists"))?.filter_map(Result::ok);
        let is_list = |name: &str| name.ends_with("_InRelease") || name.ends_with("_Release");
        let mut names = lists.map(|entry| entry.file_name().to_string_lossy().into_owned());
        if !names.any(|name| is_list(&name)) {
            return self.update();
        }
        if self.is_stale()
            && let Err(error) = self.update()
        {
            ui::line(&format!("  the package lists of {} are old ones: {error:#}", self.name));
        }
        Ok(())
    }

    /// Whether the lists were fetched long ago: then they may name versions that no mirror has any more.
    fn is_stale(&self) -> bool {
        let stamp = fs::metadata(self.home.join(UPDATED)).and_then(|data| data.modified());
        stamp.ok().and_then(|time| time.elapsed().ok()).is_none_or(|age| age > LISTS_LIMIT)
    }

    fn update(&self) -> Result<()> {
        let mut update = Command::new("apt-get");
        update.args(self.options.iter().flat_map(|option| ["-o", option]));
        update.args(["-o", "APT::Sandbox::User=root", "update"]);
        apt::forget_lookups();
        ui::step(&format!("apt-get update for {}", self.name), || process::quiet(&mut update))?;
        let stamp = self.home.join(UPDATED);
        fs::write(&stamp, "").with_context(|| format!("cannot write {}", stamp.display()))
    }
}

/// The release that this machine runs, by the name that its apt sources have for it: the code name, or for
/// Debian's next release, which has one as well, what it is called until then.
pub fn own_name() -> Result<String> {
    let text = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let name = name.context("/etc/os-release has no VERSION_CODENAME")?.trim_matches('"').to_owned();
    let sources: Vec<String> =
        own_sources()?.iter().filter_map(|source| fs::read_to_string(source).ok()).collect();
    let names = [&*name].into_iter().chain(["sid", "unstable", "testing"]);
    let has = |name: &&str| sources.iter().any(|text| names_suite(text, name));
    Ok(names.into_iter().find(has).map_or_else(|| name.clone(), str::to_owned))
}

/// Whether apt sources are for this suite.
fn names_suite(text: &str, suite: &str) -> bool {
    !lines_for(text, suite, suite).is_empty() || !stanzas_for(text, suite, suite).is_empty()
}

/// The mirror that apt uses for the machine's own release.
pub fn own_mirror() -> Result<String> {
    let own = own_name()?;
    for source in own_sources()? {
        let text =
            fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let from_stanzas = stanzas_for(&text, &own, &own);
        let uri = from_stanzas.lines().find_map(|line| line.strip_prefix("URIs:"));
        let from_lines = lines_for(&text, &own, &own);
        let word = from_lines.split_whitespace().find(|word| word.contains("://"));
        if let Some(uri) = uri.and_then(|uris| uris.split_whitespace().next()).or(word) {
            return Ok(uri.to_owned());
        }
    }
    bail!("none of this machine's apt sources is for its own release ({own})")
}

/// The files that apt reads its sources from.
fn own_sources() -> Result<Vec<PathBuf>> {
    let mut config = Command::new("apt-config");
    config.args(["shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]);
    let text = process::output(&mut config)?;
    let value = |name: &str| {
        text.lines()
            .find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.trim_matches('\'').to_owned()))
    };
    let mut files: Vec<PathBuf> =
        value("LIST").map(PathBuf::from).into_iter().filter(|path| path.is_file()).collect();
    if let Some(entries) = value("PARTS").and_then(|parts| fs::read_dir(parts).ok()) {
        let named =
            |path: &PathBuf| path.extension().is_some_and(|found| found == "list" || found == "sources");
        files.extend(entries.filter_map(Result::ok).map(|entry| entry.path()).filter(named));
    }
    files.sort();
    Ok(files)
}

/// One-line sources for exactly the release `own`, with its name replaced.
fn lines_for(text: &str, own: &str, name: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|line| line.starts_with("deb ")) {
        let words: Vec<&str> = line.split(' ').collect();
        if words.contains(&own) {
            let changed: Vec<&str> =
                words.iter().map(|word| if *word == own { name } else { word }).collect();
            out.push_str(&changed.join(" "));
            out.push('\n');
        }
    }
    out
}

/// Stanzas with the release `own` among their suites. It is replaced, and other suites (updates, security)
/// are left out.
fn stanzas_for(text: &str, own: &str, name: &str) -> String {
    let mut out = String::new();
    for stanza in text.split("\n\n") {
        let suites = stanza.lines().find_map(|line| line.strip_prefix("Suites:"));
        if !suites.is_some_and(|suites| suites.split_whitespace().any(|suite| suite == own)) {
            continue;
        }
        for line in stanza.lines().filter(|line| !line.starts_with('#')) {
            out.push_str(&if line.starts_with("Suites:") {
                format!("Suites: {name}")
            } else {
                line.to_owned()
            });
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_name_the_other_release() {
        let text = "Types: deb\n# words\nURIs: x\nSuites: old old-updates\n\nTypes: deb\nURIs: y\nSuites: old-security\n";
        assert_eq!(stanzas_for(text, "old", "new"), "Types: deb\nURIs: x\nSuites: new\n\n");
    }

    #[test]
    fn a_suite_is_found_in_either_form() {
        assert!(names_suite("Types: deb\nURIs: x\nSuites: sid\n", "sid"));
        assert!(names_suite("deb x unstable main\n", "unstable"));
        assert!(!names_suite("deb x sid-security main\n", "sid"));
    }

    #[test]
    fn lines_name_the_other_release() {
        let text = "# deb x old main\ndeb x old main\ndeb [a=b] x old-security main\ndeb-src x old main\n";
        assert_eq!(lines_for(text, "old", "new"), "deb x new main\n");
    }
}
