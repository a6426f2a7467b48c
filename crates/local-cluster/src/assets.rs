//! Where the binaries come from.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    go_build::{Cache, ETCD, HELM, KUBE_APISERVER},
};

const ASSETS_VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// The binaries that a control plane and the installation of a chart need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// `etcd`.
    pub etcd: PathBuf,
    /// `kube-apiserver`.
    pub kube_apiserver: PathBuf,
    /// `helm`.
    pub helm: PathBuf,
}

impl Assets {
    /// The binaries of `KUBEBUILDER_ASSETS` if that is set, else those of the cache folder (`CRMLINK_CACHE`,
    /// `$XDG_CACHE_HOME/crmlink` or `~/.cache/crmlink`), built from Go modules where they are missing.
    ///
    /// The first build takes minutes, so `progress` is told what goes on. Processes that call this at the same
    /// time build once. It blocks: call it outside an async task, or through `spawn_blocking`.
    ///
    /// # Errors
    /// When a binary is missing from `KUBEBUILDER_ASSETS`, or Go is missing, too old, or fails.
    pub fn locate_or_build(progress: &dyn Fn(&str)) -> Result<Self> {
        match set_variable(ASSETS_VARIABLE) {
            Some(folder) => Self::from_folder(Path::new(&folder), progress),
            None => Self::from_cache(&Cache::from_environment()?, progress),
        }
    }

    fn from_cache(cache: &Cache, progress: &dyn Fn(&str)) -> Result<Self> {
        cache.obtain(&[&ETCD, &KUBE_APISERVER, &HELM], progress)?;
        Ok(Self {
            etcd: cache.path(&ETCD),
            kube_apiserver: cache.path(&KUBE_APISERVER),
            helm: cache.path(&HELM),
        })
    }

    fn from_folder(folder: &Path, progress: &dyn Fn(&str)) -> Result<Self> {
        let need = |missing: &'static str| {
            let path = folder.join(missing);
            if path.is_file() {
                Ok(path)
            } else {
                Err(Error::AssetsIncomplete {
                    folder: folder.to_path_buf(),
                    missing,
                })
            }
        };
        let (etcd, kube_apiserver) = (need("etcd")?, need("kube-apiserver")?);
        let helm = match need("helm") {
            Ok(helm) => helm,
            // The folder is made for control planes and mostly holds no Helm.
            Err(_) => on_path_or_built(progress)?,
        };
        Ok(Self {
            etcd,
            kube_apiserver,
            helm,
        })
    }
}

/// `helm` alone, for an existing cluster: from `KUBEBUILDER_ASSETS`, the cache folder, the search path, or built.
///
/// # Errors
/// When there is none and Go is missing, too old, or fails.
pub fn locate_or_build_helm(progress: &dyn Fn(&str)) -> Result<PathBuf> {
    let in_assets = set_variable(ASSETS_VARIABLE)
        .map(|folder| Path::new(&folder).join("helm"))
        .filter(|helm| helm.is_file());
    match in_assets {
        Some(helm) => Ok(helm),
        None => on_path_or_built(progress),
    }
}

fn on_path_or_built(progress: &dyn Fn(&str)) -> Result<PathBuf> {
    let on_path = || {
        let path = env::var_os("PATH")?;
        env::split_paths(&path)
            .map(|folder| folder.join("helm"))
            .find(|helm| helm.is_file())
    };
    let cache = Cache::from_environment();
    if let Ok(cache) = &cache
        && cache.has(&HELM)
    {
        return Ok(cache.path(&HELM));
    }
    if let Some(helm) = on_path() {
        return Ok(helm);
    }
    let cache = cache?;
    cache.obtain(&[&HELM], progress)?;
    Ok(cache.path(&HELM))
}

/// An empty variable counts as unset, as with most tools.
pub(crate) fn set_variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_assets_are_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("etcd"), "").unwrap();
        let error = Assets::from_folder(folder.path(), &|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("no `kube-apiserver`"), "{error}");
        assert!(error.contains("unset it"), "{error}");
    }

    #[test]
    fn a_folder_with_everything_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["etcd", "kube-apiserver", "helm"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let assets = Assets::from_folder(folder.path(), &|_| ()).unwrap();
        assert_eq!(assets.helm, folder.path().join("helm"));
    }
}
