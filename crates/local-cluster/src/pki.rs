//! The certificates and keys of one control plane.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::{
    error::{Doing, Result},
    kubeconfig::write_private,
};

/// Members of this group may do anything, whatever RBAC says.
const ADMINISTRATORS: &str = "system:masters";

/// The files that the API server reads, and the administrator's certificate.
#[derive(Debug)]
pub(crate) struct Pki {
    pub(crate) ca_pem: String,
    pub(crate) admin_certificate_pem: String,
    pub(crate) admin_key_pem: String,
    pub(crate) ca: PathBuf,
    pub(crate) server_certificate: PathBuf,
    pub(crate) server_key: PathBuf,
    pub(crate) token_key: PathBuf,
    pub(crate) token_public_key: PathBuf,
}

impl Pki {
    /// Makes everything anew and writes what the API server needs into `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let ca = authority()?;
        let server = {
            let mut params = CertificateParams::new(vec![
                "127.0.0.1".to_owned(),
                "localhost".to_owned(),
                "kubernetes.default.svc".to_owned(),
            ])?;
            params
                .distinguished_name
                .push(DnType::CommonName, "kube-apiserver");
            signed(params, ExtendedKeyUsagePurpose::ServerAuth, &ca)?
        };
        let admin = {
            let mut params = CertificateParams::new(Vec::new())?;
            params
                .distinguished_name
                .push(DnType::CommonName, "crmlink-admin");
            params
                .distinguished_name
                .push(DnType::OrganizationName, ADMINISTRATORS);
            signed(params, ExtendedKeyUsagePurpose::ClientAuth, &ca)?
        };
        let tokens = KeyPair::generate()?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            write_private(&path, text)
                .doing(|| format!("writing {}", path.display()))
                .map(|()| path)
        };
        Ok(Self {
            ca: write("ca.crt", &ca.pem())?,
            server_certificate: write("server.crt", &server.0)?,
            server_key: write("server.key", &server.1)?,
            token_key: write("tokens.key", &tokens.serialize_pem())?,
            token_public_key: write("tokens.pub", &tokens.public_key_pem())?,
            ca_pem: ca.pem(),
            admin_certificate_pem: admin.0,
            admin_key_pem: admin.1,
        })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "crmlink-local-cluster");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// The certificate and its key, both in PEM.
fn signed(
    mut params: CertificateParams,
    purpose: ExtendedKeyUsagePurpose,
    ca: &CertifiedIssuer<'_, KeyPair>,
) -> Result<(String, String)> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, ca)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
