// SPDX-License-Identifier: MIT OR Apache-2.0
//! Running commands: captures their output, and enforces a time limit.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Ctx;

/// Paths of the programs.
pub mod tools {
    /// Ours.
    pub const INSMOD: &str = "/bin/insmod";
    /// Ours.
    pub const RMMOD: &str = "/bin/rmmod";
    /// Ours.
    pub const MODPERSIST: &str = "/bin/modpersist";
    /// Ours.
    pub const KSYMOOPS: &str = "/bin/ksymoops";
    /// kmod's.
    pub const PEER_INSMOD: &str = "/peer/insmod";
    /// kmod's.
    pub const PEER_RMMOD: &str = "/peer/rmmod";
    /// kmod's.
    pub const PEER_MODPROBE: &str = "/peer/modprobe";
    /// kmod's.
    pub const PEER_DEPMOD: &str = "/peer/depmod";
    /// For everything else.
    pub const BUSYBOX: &str = "/bin/busybox";
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited with this code.
    Exited(i32),
    /// A signal killed it, as an oops in a system call does.
    Signalled(i32),
    /// It was killed at its time limit.
    TimedOut,
    /// It was killed at its time limit, but is stuck in the kernel and does not exit.
    Stuck,
}

impl Status {
    /// Whether the exit code was 0.
    pub fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signalled(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Signalled(signal) => write!(f, "killed by signal {signal}"),
            Self::TimedOut => f.write_str("killed at the time limit"),
            Self::Stuck => f.write_str("stuck in the kernel after the time limit"),
        }
    }
}

/// What a command printed and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line, for messages.
    pub line: String,
    /// How it ended.
    pub status: Status,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Fails unless the exit code is 0.
    pub fn success(self) -> Result<Self> {
        self.code(0)
    }

    /// Fails unless the exit code is `code`.
    pub fn code(self, code: i32) -> Result<Self> {
        ensure!(self.status == Status::Exited(code), "{self}\nexpected exit code {code}");
        Ok(self)
    }

    /// Fails unless standard error contains `text`.
    pub fn stderr_has(self, text: &str) -> Result<Self> {
        ensure!(self.stderr.contains(text), "{self}\nexpected in standard error: {text}");
        Ok(self)
    }

    /// Fails unless standard output contains `text`.
    pub fn stdout_has(self, text: &str) -> Result<Self> {
        ensure!(self.stdout.contains(text), "{self}\nexpected in standard output: {text}");
        Ok(self)
    }

    /// Fails if anything was printed.
    pub fn silent(self) -> Result<Self> {
        ensure!(self.stdout.is_empty() && self.stderr.is_empty(), "{self}\nexpected no output");
        Ok(self)
    }

    /// No output but one warning: the types of all variables were not compared, for want of debug
    /// information.
    pub fn only_untyped(self) -> Result<Self> {
        let is_warning = |line: &str| {
            line.contains("WARNING: ") && line.contains(" variables were not compared with what is kept")
        };
        let all = self.stdout.is_empty() && self.stderr.lines().count() == 1 && is_warning(&self.stderr);
        ensure!(all, "{self}\nexpected the warning about types, and nothing else");
        Ok(self)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.line, self.status)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "\n{name}: {}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// A command to run.
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<String>,
    directory: Option<OsString>,
    user: Option<u32>,
    limit: Duration,
}

impl Command {
    /// A program, by its path; [`tools`] has the usual ones.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: None,
            directory: None,
            user: None,
            limit: Duration::from_secs(60),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets its standard input, which is empty by default.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Starts it in this directory.
    #[must_use]
    pub fn directory(mut self, directory: impl AsRef<OsStr>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// Runs it as this user and group, without supplementary groups.
    #[must_use]
    pub fn user(mut self, uid: u32) -> Self {
        self.user = Some(uid);
        self
    }

    /// Sets the time limit; the default is one minute.
    #[must_use]
    pub fn limit_secs(mut self, secs: u64) -> Self {
        self.limit = Duration::from_secs(secs);
        self
    }

    /// A shell that runs the script, which has this command as its arguments.
    pub(super) fn after_script(mut self, script: &str) -> Self {
        let words = [OsStr::new("sh"), OsStr::new("-c"), OsStr::new(script), OsStr::new("sh"), &self.program];
        self.args.splice(0..0, words.map(OsStr::to_owned));
        self.program = tools::BUSYBOX.into();
        self
    }

    /// Runs it. Returns an error only if it cannot be started.
    pub fn run(&self) -> Result<Output> {
        self.run_by(|child| wait(child, self.limit))
    }

    /// Starts it, and lets `wait` wait for its exit.
    pub(super) fn run_by(&self, wait: impl FnOnce(&mut Child) -> Result<Status>) -> Result<Output> {
        let files = Files::create(self.stdin.as_deref())?;
        let mut command = std::process::Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(files.stdin()?)
            .stdout(File::create(files.path("out"))?)
            .stderr(File::create(files.path("err"))?);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.line()))?;
        let status = wait(&mut child)?;
        let (stdout, stderr) = files.read()?;
        Ok(Output { line: self.line(), status, stdout, stderr })
    }

    fn line(&self) -> String {
        let mut line = self.program.to_string_lossy().into_owned();
        for arg in &self.args {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }
}

/// Waits by polling: in a broken kernel, a process may never exit.
fn wait(child: &mut Child, limit: Duration) -> Result<Status> {
    if let Some(status) = poll(child, limit)? {
        return Ok(status.into());
    }
    child.kill().context("cannot kill a command that ran too long")?;
    Ok(match poll(child, Duration::from_secs(3))? {
        Some(_) => Status::TimedOut,
        None => Status::Stuck,
    })
}

fn poll(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The text, with bytes that are not UTF-8 written as `\xNN`.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Input and output go through files: a pipe would have to be read while waiting, and stays open as long as
/// any descendant runs.
struct Files {
    prefix: String,
    has_stdin: bool,
}

impl Files {
    fn create(stdin: Option<&str>) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = std::env::temp_dir().join(format!("cmd-{}-{number}", std::process::id()));
        let files = Self { prefix: prefix.to_string_lossy().into_owned(), has_stdin: stdin.is_some() };
        if let Some(text) = stdin {
            fs::write(files.path("in"), text)?;
        }
        Ok(files)
    }

    fn path(&self, kind: &str) -> String {
        format!("{}.{kind}", self.prefix)
    }

    fn stdin(&self) -> Result<Stdio> {
        Ok(if self.has_stdin { File::open(self.path("in"))?.into() } else { Stdio::null() })
    }

    fn read(&self) -> Result<(String, String)> {
        let text = |kind: &str| -> Result<String> {
            let bytes = fs::read(self.path(kind))?;
            Ok(printable(&bytes))
        };
        Ok((text("out")?, text("err")?))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for kind in ["in", "out", "err"] {
            // A file may be absent, and /tmp goes away with the machine.
            let _ = fs::remove_file(self.path(kind));
        }
    }
}

impl Ctx {
    /// Runs our insmod.
    pub fn insmod(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        Command::new(tools::INSMOD).args(args).run()
    }

    /// Runs our rmmod.
    pub fn rmmod(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        Command::new(tools::RMMOD).args(args).run()
    }

    /// Runs modpersist.
    pub fn modpersist(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        Command::new(tools::MODPERSIST).args(args).run()
    }

    /// Runs kmod's insmod.
    pub fn peer_insmod(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        Command::new(tools::PEER_INSMOD).args(args).run()
    }

    /// Runs kmod's rmmod.
    pub fn peer_rmmod(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        Command::new(tools::PEER_RMMOD).args(args).run()
    }

    /// Runs kmod's modprobe, which finds the few kernel modules in the guest's `/lib/modules`.
    pub fn peer_modprobe(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        // The initramfs has no index files; depmod writes them.
        Command::new(tools::PEER_DEPMOD).arg("--all").run()?.success()?;
        Command::new(tools::PEER_MODPROBE).args(args).run()
    }

    /// Runs a busybox shell script and fails unless it succeeds.
    pub fn sh(&mut self, script: &str) -> Result<String> {
        let output = Command::new(tools::BUSYBOX).args(["sh", "-c", script]).run()?;
        if !output.status.is_success() {
            bail!("{output}");
        }
        Ok(output.stdout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        Command::new("/bin/sh").args(["-c", script])
    }

    #[test]
    fn output_and_code_are_captured() {
        let output = sh("cat; echo there >&2; exit 3").stdin("here\n").run().unwrap();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("here\n", "there\n"));
        let error = output.code(0).unwrap_err().to_string();
        assert!(error.contains("exit code 3") && error.contains("stderr: there"), "{error}");
    }

    #[test]
    fn invalid_bytes_are_escaped() {
        assert_eq!(printable(b"a\xff\xfeb\n"), "a\\xff\\xfeb\n");
    }

    #[test]
    fn a_signal_is_not_an_exit_code() {
        assert_eq!(sh("kill -9 $$").run().unwrap().status, Status::Signalled(9));
    }

    #[test]
    fn the_time_limit_is_enforced() {
        let start = Instant::now();
        assert_eq!(sh("exec sleep 30").limit_secs(0).run().unwrap().status, Status::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
