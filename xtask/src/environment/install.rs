//! The chart, without a pod: the operator runs as a child process here.

use local_cluster::{Chart, Cluster, Installed, install_chart, locate_or_build_helm};

use super::blocking;
use crate::{error::Result, say::say, workspace};

/// Where the operator would run.
pub(crate) const NAMESPACE: &str = "crmlink-system";
/// The name that the chart derives from the release.
pub(crate) const SERVICE_ACCOUNT: &str = "crmlink";

pub(crate) async fn chart(cluster: &Cluster) -> Result<Installed> {
    let helm = blocking(|| Ok(locate_or_build_helm(&|line| say(line))?)).await?;
    let chart = Chart {
        folder: &workspace::root().join("charts/crmlink"),
        release: "crmlink",
        namespace: NAMESPACE,
        values: &[("replicas", "0")],
    };
    Ok(install_chart(&helm, cluster, chart).await?)
}
