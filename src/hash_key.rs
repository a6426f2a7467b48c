//! The key that field values are hashed with. It lives in a Secret, never beside the store: whoever holds the store
//! alone cannot try values against the hashes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use kube::{Api, Client};

const KEY: &str = "hash-key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashKeyError {
    /// The API server refuses.
    #[error("cannot read or make the Secret {namespace}/{name} with the hash key: {source}")]
    Api {
        namespace: String,
        name: String,
        #[source]
        source: Box<kube::Error>,
    },
    /// The Secret exists without a usable key.
    #[error(
        "the Secret {namespace}/{name} has no {KEY} of 32 bytes (base64): restore it, or delete the Secret and the operator makes a new one"
    )]
    Unusable { namespace: String, name: String },
    /// The machine gives no random bytes.
    #[error("no random bytes for a new hash key: {0}")]
    Random(String),
}

/// Reads the key; makes it if there is no such Secret.
pub(crate) async fn read_or_make(
    client: Client,
    namespace: &str,
    name: &str,
) -> Result<[u8; 32], HashKeyError> {
    let secrets: Api<Secret> = Api::namespaced(client, namespace);
    let failed = |source: kube::Error| HashKeyError::Api {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        source: Box::new(source),
    };
    if let Some(secret) = secrets.get_opt(name).await.map_err(failed)? {
        return key_of(&secret, namespace, name);
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| HashKeyError::Random(error.to_string()))?;
    let secret = Secret {
        metadata: kube::core::ObjectMeta {
            name: Some(name.to_owned()),
            ..Default::default()
        },
        data: Some(
            [(
                KEY.to_owned(),
                ByteString(BASE64_STANDARD.encode(key).into_bytes()),
            )]
            .into(),
        ),
        ..Default::default()
    };
    match secrets.create(&PostParams::default(), &secret).await {
        Ok(_) => Ok(key),
        // Somebody else was faster; theirs counts.
        Err(kube::Error::Api(status)) if status.is_already_exists() => {
            key_of(&secrets.get(name).await.map_err(failed)?, namespace, name)
        }
        Err(error) => Err(failed(error)),
    }
}

fn key_of(secret: &Secret, namespace: &str, name: &str) -> Result<[u8; 32], HashKeyError> {
    secret
        .data
        .as_ref()
        .and_then(|data| data.get(KEY))
        .and_then(|text| BASE64_STANDARD.decode(text.0.trim_ascii()).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| HashKeyError::Unusable {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
}
