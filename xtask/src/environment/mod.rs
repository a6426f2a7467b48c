//! The demo's surroundings: a control plane, the emulated services and the operator under the chart's own role.

mod examples;
pub(crate) mod install;
mod programs;

use std::path::{Path, PathBuf};

use emulators::Control;
use kube::Client;
use local_cluster::{Cluster, Guarded, Installed, Options};
use tempfile::TempDir;

pub(crate) use self::{
    examples::{Example, NAMESPACE},
    programs::{Operator, OperatorCommand, Services, operator_arguments},
};
use crate::{
    binaries,
    error::{Doing, Result},
    say::say,
    workspace,
};

/// What to start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Without it a developer runs one.
    pub(crate) operator: bool,
    /// Leave the folder with logs and kubeconfigs behind.
    pub(crate) keep: bool,
}

/// Everything that was started. It ends with this value, in an order that lets the operator finish.
pub(crate) struct Environment {
    // In this order: who calls goes before who is called.
    operator: Option<Operator>,
    services: Services,
    installed: Installed,
    cluster: Cluster,
    folder: TempDir,
    /// Removes the folder should this process be killed.
    _removed_later: Option<Guarded>,
}

impl Environment {
    /// Builds what is missing and starts all of it.
    pub(crate) async fn start(wanted: Wanted) -> Result<Self> {
        say("building the operator and the emulators");
        let binaries = blocking(binaries::build).await?;
        let folder = tempfile::Builder::new()
            .prefix("crmlink-demo-")
            .disable_cleanup(wanted.keep)
            .tempdir()
            .doing(|| "creating a temporary folder".to_owned())?;

        let removed_later = if wanted.keep {
            None
        } else {
            Some(Guarded::remove_later(folder.path())?)
        };

        if wanted.keep {
            say(&format!(
                "logs and kubeconfigs stay in {}",
                folder.path().display()
            ));
        }
        let report = |line: &str| say(line);
        let cluster = Cluster::from_environment(report, Options::default()).await?;
        cluster.kubeconfig(&folder.path().join("kubeconfig"))?;
        say(&match cluster.control_plane() {
            Some(control_plane) => format!("Kubernetes API at {}", control_plane.server()),
            None => "using the cluster of the given context".to_owned(),
        });

        let world = workspace::root().join("examples/world.yaml");
        let services = Services::start(&binaries.emulators, folder.path(), &world).await?;
        say(&format!(
            "emulated Microsoft 365 at {}",
            services.addresses().graph_tls
        ));
        say(&format!("emulated Zoho CRM at {}", services.addresses().zoho_tls));

        let installed = install::chart(&cluster).await?;
        let operator_kubeconfig = folder.path().join("operator.kubeconfig");
        cluster
            .service_account_kubeconfig(install::NAMESPACE, install::SERVICE_ACCOUNT, &operator_kubeconfig)
            .await?;
        say("chart installed: definitions, role and service account");

        let mut environment = Self {
            operator: None,
            services,
            installed,
            cluster,
            folder,
            _removed_later: removed_later,
        };
        if wanted.operator {
            let command = environment.operator_command(&binaries.operator);
            environment.operator = Some(Operator::start(&command, environment.folder.path()).await?);
            say("operator runs under the chart's service account");
        }
        Ok(environment)
    }

    /// The operator's program with the arguments that fit these surroundings, without its kubeconfig.
    pub(crate) fn operator_command(&self, binary: &Path) -> OperatorCommand {
        OperatorCommand::new(
            binary.to_path_buf(),
            self.folder.path().join("operator.kubeconfig"),
            operator_arguments(self.services.addresses(), self.folder.path(), install::NAMESPACE),
        )
    }

    /// Applies the objects of `examples/` and gives what was applied.
    pub(crate) async fn apply_examples(&self) -> Result<Vec<Example>> {
        examples::apply(&self.client()?).await
    }

    /// A client with an administrator's rights.
    pub(crate) fn client(&self) -> Result<Client> {
        Ok(self.cluster.admin_client()?)
    }

    /// The emulators' control port.
    pub(crate) fn control(&self) -> &Control {
        self.services.control()
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn operator(&self) -> Option<&Operator> {
        self.operator.as_ref()
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The folder with logs and kubeconfigs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Prints the end of the operator's log, for when something went wrong.
    pub(crate) fn show_operator_log(&self) {
        if self.operator.is_some() {
            let log = self.folder.path().join("operator.log");
            eprintln!(
                "\nThe operator's log ends with:\n{}",
                local_cluster::log_tail(&log)
            );
        }
    }

    /// An error with the end of its log when a program ended by itself.
    pub(crate) fn check_programs(&mut self) -> Result<()> {
        self.services.check()?;
        self.operator.as_mut().map_or(Ok(()), Operator::check)
    }

    /// Ends everything in order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if self.cluster.control_plane().is_none() {
            // An existing cluster goes on: nothing of the demo may stay in it.
            examples::delete(&self.client()?).await?;
        }
        if let Some(operator) = self.operator.take() {
            operator.stop().await?;
        }
        if self.cluster.control_plane().is_none() {
            self.installed.uninstall(&self.cluster, true).await?;
            self.cluster.delete_namespace(install::NAMESPACE).await?;
        }
        Ok(())
    }
}

/// Runs what waits for other programs without stopping everything else.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(std::io::Error::other)
        .doing(|| "building".to_owned())?
}

/// The contracts to check against, said visibly when there are none.
pub(crate) fn contracts() -> Option<PathBuf> {
    let contracts = workspace::contracts();
    if contracts.is_none() {
        say("the vendors' contracts are not there: messages are NOT checked against them");
    }
    contracts
}
