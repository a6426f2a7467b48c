//! Where the two services are, and whom to trust on the way: the same flags for all who sign in.

use std::path::PathBuf;

use clap::Args;
use transport::{HttpTransport, SetupError};
use url::Url;

use crate::connections::Endpoints;

/// Where the services are, if not at their own addresses.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// PEM bundle of certificate authorities to trust besides those of the machine.
    #[arg(long, env = "CRMLINK_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Instead of Microsoft Graph's address; for emulators.
    #[arg(long, env = "CRMLINK_GRAPH_URL")]
    pub(crate) graph_url: Option<Url>,

    /// Instead of the address of Microsoft's login service; for emulators.
    #[arg(long, env = "CRMLINK_GRAPH_LOGIN_URL")]
    pub(crate) graph_login_url: Option<Url>,

    /// Instead of the address of Zoho's accounts service; for emulators.
    #[arg(long, env = "CRMLINK_ZOHO_ACCOUNTS_URL")]
    pub(crate) zoho_accounts_url: Option<Url>,

    /// Instead of the address of Zoho's API; for emulators.
    #[arg(long, env = "CRMLINK_ZOHO_API_URL")]
    pub(crate) zoho_api_url: Option<Url>,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    #[error("cannot read the CA bundle {}: {source}", path.display())]
    CaFile {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Transport(#[from] SetupError),
}

impl ServiceArgs {
    /// The one HTTP stack, with the bundle.
    pub(crate) fn transport(&self) -> Result<HttpTransport, ServiceError> {
        let mut transport = HttpTransport::builder();
        if let Some(path) = &self.ca_file {
            let pem = std::fs::read(path).map_err(|source| ServiceError::CaFile {
                path: path.clone(),
                source,
            })?;
            transport = transport.ca_bundle(&pem)?;
        }
        Ok(transport.build()?)
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints {
            graph: self.graph_url.clone(),
            graph_login: self.graph_login_url.clone(),
            zoho_accounts: self.zoho_accounts_url.clone(),
            zoho_api: self.zoho_api_url.clone(),
        }
    }
}
