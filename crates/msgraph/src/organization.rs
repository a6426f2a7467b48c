//! The tenant itself (`research/graph.md` §2).

use serde::Deserialize;

use crate::Graph;
use crate::call::Call;
use crate::error::Error;
use crate::request::Request;

/// The tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant's id.
    pub id: String,
    /// The domains that the tenant has proven to own.
    #[serde(default)]
    pub verified_domains: Vec<VerifiedDomain>,
}

/// A domain of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// The domain.
    pub name: String,
    /// Whether new users get it.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Whether it is the `onmicrosoft.com` one that the tenant began with.
    #[serde(default)]
    pub is_initial: Option<bool>,
}

#[derive(Deserialize)]
struct Wire {
    value: Vec<Organization>,
}

/// The one row that there is.
pub(crate) fn request(graph: Graph) -> Request<Organization> {
    let call = Call::get(
        "/organization",
        "/organization?$select=id,verifiedDomains".to_owned(),
    );
    Request::new(graph, call, |reply| {
        let status = reply.status;
        let wire: Wire = reply.json("organization")?;
        wire.value.into_iter().next().ok_or(Error::Unreadable {
            what: "one organization",
            status,
        })
    })
}
