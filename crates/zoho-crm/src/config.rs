//! What a client needs to know.

use secrecy::SecretString;

use crate::data_center::ApiHosts;

/// The credentials of one refresh token, and where they may go.
pub struct Config {
    /// Origin of the accounts server; see [`DataCenter::accounts_url`](crate::DataCenter::accounts_url).
    pub accounts_url: String,
    /// The hosts that may see the access token.
    pub api_hosts: ApiHosts,
    /// Id of the self client (`research/zoho.md` §1).
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// The refresh token; it belongs to the CRM user who made it.
    pub refresh_token: SecretString,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("accounts_url", &self.accounts_url)
            .field("api_hosts", &self.api_hosts)
            .finish_non_exhaustive()
    }
}
