//! How to look at what runs.

use crate::environment::{Environment, NAMESPACE};

pub(crate) fn print(environment: &Environment) {
    let kubeconfig = environment.kubeconfig();
    println!(
        "
Look around, in another terminal:

  export KUBECONFIG={kubeconfig}
  kubectl get crmlink --all-namespaces
  kubectl describe contactsync ana --namespace {NAMESPACE}
  kubectl explain contactsync.spec.mapping
  kubectl get events --namespace {NAMESPACE}

Both services, their contents and every request: {page}
Metrics of the operator:                         {metrics}
Logs:                                            {logs}

Ctrl-C ends everything and removes its files.",
        kubeconfig = kubeconfig.display(),
        page = environment.services().addresses().control,
        metrics = environment.operator().map_or("-", |operator| operator.metrics()),
        logs = environment.folder().join("operator.log").display(),
    );
}
