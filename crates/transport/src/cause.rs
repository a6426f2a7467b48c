//! Why no answer came, in words of our own: what libraries say changes with their releases, speaks to programmers, and
//! may quote a URL, whose path and query name people.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// The cause of a failed request.
pub(crate) fn in_words(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        return "it took too long";
    }
    causes(error).find_map(known).unwrap_or("the connection failed")
}

/// An error and what is behind it, from the outermost on. An [`io::Error`] shows what it holds, not what that came from.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        held.map_or_else(|| error.source(), |held| Some(held as _))
    })
}

fn known(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls(error));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_kind(error.kind());
    }
    // Neither has a type of its own.
    let text = error.to_string();
    if text.contains("dns error") {
        return Some("the name is not known to DNS");
    }
    text.contains("connection closed")
        .then_some("the connection was closed before the answer was complete")
}

fn of_kind(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::ConnectionRefused => "the connection is refused",
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "the connection was cut off"
        }
        io::ErrorKind::UnexpectedEof => "the connection was closed before the answer was complete",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            "the network does not reach it"
        }
        io::ErrorKind::TimedOut => "it took too long",
        _ => return None,
    })
}

fn tls(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(error) = error else {
        return "no encrypted connection could be agreed on (TLS)";
    };
    match error {
        // An authority of the same name with another key makes the signature a bad one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate was issued by an authority that is not trusted; a proxy's own authority is added with the chart's caBundle (--ca-file)"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clock of this machine"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Revoked => "its certificate was revoked",
        _ => "its certificate is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(error: &(dyn Error + 'static)) -> Option<&'static str> {
        causes(error).find_map(known)
    }

    #[test]
    fn certificates_and_the_network_are_told_apart_at_any_depth() {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let deep = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, unknown));
        assert!(of(&deep).unwrap().contains("authority that is not trusted"));
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(of(&refused), Some("the connection is refused"));
        let other = rustls::Error::General("words of a library".into());
        assert!(of(&other).unwrap().contains("TLS"));
        assert_eq!(of(&io::Error::other("words of a library")), None);
    }

    #[test]
    fn a_refused_connection_is_said_in_our_words() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let error = runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            // A port that was free a moment ago.
            let address = std::net::TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            client
                .get(format!("http://{address}/secret"))
                .send()
                .await
                .unwrap_err()
        });
        assert_eq!(in_words(&error), "the connection is refused");
    }
}
