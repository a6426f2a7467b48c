//! The transport of the running operator: pooled HTTP/1.1 and HTTP/2 over rustls.

use std::time::Duration;

use bytes::Bytes;

use crate::cause;
use crate::{BoxFuture, Transport, TransportError};

/// Real HTTP. Redirects are never followed: a token must not travel to a host that nobody configured.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

/// What can be set before the first request.
#[derive(Debug, Default)]
pub struct HttpTransportBuilder {
    extra_roots: Vec<reqwest::Certificate>,
    timeout: Option<Duration>,
}

/// Why the transport could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The extra CA bundle holds no usable certificate.
    #[error("the CA bundle is not a list of PEM certificates: {0}")]
    CaBundle(#[source] reqwest::Error),
    /// TLS could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[source] reqwest::Error),
}

impl HttpTransportBuilder {
    /// Trusts the certificates of `pem` besides those of the machine.
    ///
    /// # Errors
    /// If `pem` holds something else than PEM certificates.
    pub fn ca_bundle(mut self, pem: &[u8]) -> Result<Self, SetupError> {
        self.extra_roots
            .extend(reqwest::Certificate::from_pem_bundle(pem).map_err(SetupError::CaBundle)?);
        Ok(self)
    }

    /// How long one request may take in all; 60 seconds if not set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Makes the transport.
    ///
    /// # Errors
    /// If TLS cannot be set up, for example without any trusted root.
    pub fn build(self) -> Result<HttpTransport, SetupError> {
        // Fails only where a provider is installed already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(self.timeout.unwrap_or(Duration::from_mins(1)))
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("crmlink/", env!("CARGO_PKG_VERSION")));
        if !self.extra_roots.is_empty() {
            builder = builder.tls_certs_merge(self.extra_roots);
        }
        Ok(HttpTransport {
            client: builder.build().map_err(SetupError::Client)?,
        })
    }
}

impl HttpTransport {
    /// Starts from the defaults.
    #[must_use]
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder::default()
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let host = request
                .uri()
                .authority()
                .map(ToString::to_string)
                .unwrap_or_default();
            let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(|error| {
                TransportError::Connect {
                    host: host.clone(),
                    reason: cause::in_words(&error).to_owned(),
                }
            })?;
            let answer = self.client.execute(request).await.map_err(|error| {
                if error.is_connect() || error.is_builder() {
                    TransportError::Connect {
                        host: host.clone(),
                        reason: cause::in_words(&error).to_owned(),
                    }
                } else {
                    TransportError::Lost {
                        host: host.clone(),
                        reason: cause::in_words(&error).to_owned(),
                    }
                }
            })?;
            let mut response = http::Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            let body = answer.bytes().await.map_err(|error| TransportError::Lost {
                host: host.clone(),
                reason: cause::in_words(&error).to_owned(),
            })?;
            response.body(body).map_err(|_| TransportError::Lost {
                host,
                reason: "the answer cannot be read".to_owned(),
            })
        })
    }
}
