// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fetches one file by HTTP or HTTPS.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use libksym::BuildId;
use ureq::Agent;

use super::authorities::trusted;

/// How long it may take until a server answers.
const ANSWER: Duration = Duration::from_secs(90);
/// How long it may take until all is there: a kernel's debug information has hundreds of megabytes.
const ALL: Duration = Duration::from_secs(1800);
/// A larger file is not fetched.
const MAX_BYTES: u64 = 4 << 30;

/// Fetches the debug file of a build to `path`. `false` if the server does not have it. `authorities` is a
/// file with certificates.
///
/// # Errors
/// The server cannot be reached, is not vouched for or answers something else, or the file cannot be written.
pub(super) fn download(url: &str, id: &BuildId, path: &Path, authorities: Option<&Path>) -> Result<bool> {
    let config = Agent::config_builder()
        .timeout_connect(Some(ANSWER))
        .timeout_recv_response(Some(ANSWER))
        .timeout_recv_body(Some(ALL))
        .max_redirects(4)
        .user_agent("ksymoops");
    let config = if url.starts_with("https:") { config.tls_config(trusted(authorities)?) } else { config };
    let agent: Agent = config.build().into();
    let mut response = match agent.get(format!("{}/buildid/{id}/debuginfo", url.trim_end_matches('/'))).call()
    {
        Ok(response) => response,
        Err(ureq::Error::StatusCode(404)) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let folder = path.parent().context("no folder for the file")?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Another run may fetch the same, and this one may be killed: the file gets its name when it is whole.
    let unfinished = folder.join(format!("{id}.{}", std::process::id()));
    let written = File::create_new(&unfinished).map_err(Into::into).and_then(|mut file| {
        let mut body = response.body_mut().with_config().limit(MAX_BYTES).reader();
        io::copy(&mut body, &mut file)?;
        fs::rename(&unfinished, path).map_err(anyhow::Error::from)
    });
    if written.is_err() {
        // Whatever is left of it is of no use.
        let _ = fs::remove_file(&unfinished);
    }
    written.map(|()| true)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::process::{Child, Command, Stdio};
    use std::thread;

    use super::*;

    /// A server for so many requests, which knows one build. Returns its address.
    fn server(requests: usize) -> (String, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = thread::spawn(move || {
            let mut asked = Vec::new();
            for _ in 0..requests {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                let first = lines.next().unwrap();
                lines.find(|line| line.is_empty()).unwrap();
                let answer = match first.as_str() {
                    "GET /buildid/abcd/debuginfo HTTP/1.1" => {
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfile"
                    }
                    "GET /buildid/abce/debuginfo HTTP/1.1" => {
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 400\r\n\r\nfile"
                    }
                    "GET /buildid/abcf/debuginfo HTTP/1.1" => {
                        "HTTP/1.1 500 Internal\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                    }
                    _ => "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                };
                stream.write_all(answer.as_bytes()).unwrap();
                asked.push(first);
            }
            asked
        });
        (url, serving)
    }

    #[test]
    fn what_a_server_has_what_it_lacks_and_what_goes_wrong() {
        let (url, serving) = server(4);
        let folder = tempfile::tempdir().unwrap();
        let get = |id: &str| {
            let id: BuildId = id.parse().unwrap();
            let path = folder.path().join(id.debug_path());
            (download(&format!("{url}/"), &id, &path, None), path)
        };
        let (found, path) = get("abcd");
        assert!(found.unwrap());
        assert_eq!(fs::read(path).unwrap(), b"file");
        assert!(!get("1234").0.unwrap());
        // It ends too early, or the server has failed.
        for id in ["abce", "abcf"] {
            let (failed, path) = get(id);
            assert!(failed.is_err() && !path.exists());
        }
        let left = fs::read_dir(folder.path().join(".build-id/ab")).unwrap().count();
        assert_eq!((left, serving.join().unwrap().len()), (1, 4));
    }

    /// A server of files in a folder, with a certificate of its own. It is killed when the test ends.
    struct Encrypted {
        process: Child,
        url: String,
    }

    impl Drop for Encrypted {
        fn drop(&mut self) {
            // It may have ended by itself.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    /// Writes `cert.pem` and `key.pem` of a server, and `authority.pem`. `false` without openssl.
    fn certify(folder: &Path) -> bool {
        fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        let steps = [
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout own.pem -out authority.pem",
            "req -newkey rsa:2048 -nodes -subj /CN=server -keyout key.pem -out asked.pem",
            "x509 -req -in asked.pem -CA authority.pem -CAkey own.pem -CAcreateserial -days 2 -extfile names \
             -out cert.pem",
        ];
        steps.iter().all(|step| {
            let mut command = Command::new("openssl");
            command.args(step.split_whitespace()).current_dir(folder).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        })
    }

    fn encrypted(folder: &Path) -> Encrypted {
        let arguments = "s_server -accept 127.0.0.1:0 -key key.pem -cert cert.pem -WWW";
        let mut command = Command::new("openssl");
        command.args(arguments.split_whitespace()).current_dir(folder).stderr(Stdio::null());
        let mut process = command.stdout(Stdio::piped()).stdin(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ready = lines.find(|line| line.starts_with("ACCEPT ")).unwrap();
        // What it prints later is of no interest, but has to go somewhere.
        thread::spawn(move || lines.for_each(drop));
        let port = ready.rsplit_once(':').unwrap().1;
        Encrypted { url: format!("https://127.0.0.1:{port}"), process }
    }

    #[test]
    fn encrypted_by_a_server_that_is_vouched_for() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        if !certify(folder) {
            eprintln!("\nSKIPPED: no openssl here");
            return;
        }
        fs::create_dir_all(folder.join("buildid/abcd")).unwrap();
        fs::write(folder.join("buildid/abcd/debuginfo"), b"file").unwrap();
        let server = encrypted(folder);
        let id: BuildId = "abcd".parse().unwrap();
        let path = folder.join("cache").join(id.debug_path());
        let get = |authorities: Option<&str>| {
            let file = authorities.map(|name| folder.join(name));
            download(&server.url, &id, &path, file.as_deref())
        };
        // Nobody vouches for it.
        assert!(get(None).is_err() && !path.exists());
        // A file without a certificate, and none.
        for name in ["key.pem", "missing.pem"] {
            let words = format!("{:#}", get(Some(name)).unwrap_err());
            assert!(words.starts_with("SSL_CERT_FILE: "), "{words}");
        }
        assert!(get(Some("authority.pem")).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"file");
    }
}
