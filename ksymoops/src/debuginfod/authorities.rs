// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who vouches for servers: the authorities that come with the program, or those in the file that
//! `SSL_CERT_FILE` names, as for OpenSSL.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The certificates in a file, instead of those that come with the program.
///
/// # Errors
/// The file cannot be read, or has none.
pub(super) fn trusted(file: Option<&Path>) -> Result<TlsConfig> {
    let Some(file) = file else { return Ok(TlsConfig::default()) };
    let text = fs::read(file).with_context(|| format!("SSL_CERT_FILE: cannot read {}", file.display()))?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    };
    let all = parse_pem(&text).filter_map(certificate).collect::<Result<Vec<_>, _>>();
    let all = all.with_context(|| format!("SSL_CERT_FILE: {}", file.display()))?;
    ensure!(!all.is_empty(), "SSL_CERT_FILE: no certificate in {}", file.display());
    Ok(TlsConfig::builder().root_certs(RootCerts::from(all)).build())
}
