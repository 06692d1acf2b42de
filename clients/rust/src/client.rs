use std::{error::Error, fs, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use tonic::{
    metadata::{BinaryMetadataValue, MetadataMap},
    transport::{Certificate, ClientTlsConfig, Endpoint, Identity},
};
use uuid::Uuid;

use crate::calls::{Caller, Calls};

/// Why no client could be made: the target, a file, or the token.
pub type ConfigError = Box<dyn Error + Send + Sync>;

/// How often an idle connection is probed, and how long the answer may take; the server allows one ping in a second.
const PING: Duration = Duration::from_secs(10);

/// Which server is called, and as whom.
#[derive(Clone, Default)]
pub struct Options {
    /// Filled into requests that name none; empty means "default".
    pub workspace: String,
    /// Recorded in the history of what is changed, where the server lets this caller say for whom it acts.
    pub actor: String,
    /// An API key or a JWT. It is sent over TLS, and in the clear to this machine only.
    pub token: Option<String>,
    /// TLS is used where it is true or one of the files is given.
    pub tls: bool,
    /// PEM files: the server's CA, a client certificate and its key.
    pub ca: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// Has a stub for each service; every call through it has a deadline, an actor and, if it changes something, a request
/// id, so that a retry does not do it twice. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) calls: Calls,
    pub(crate) workspace: Arc<str>,
}

impl Client {
    /// Makes a client of the server at target, such as "exams.example.org:443"; it connects with its first call. To be
    /// called within a Tokio runtime.
    pub fn new(target: &str, options: Options) -> Result<Self, ConfigError> {
        let secure = options.tls || options.ca.is_some() || options.cert.is_some();
        let address = match target {
            socket if socket.starts_with("unix:") => socket.to_owned(),
            host if secure => format!("https://{host}"),
            host => format!("http://{host}"),
        };
        let mut endpoint = Endpoint::from_shared(address)?
            .connect_timeout(Duration::from_secs(20))
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        if secure {
            endpoint = endpoint.tls_config(options.tls_config()?)?;
        } else if options.token.is_some() && !is_local(&endpoint) {
            return Err("a token is sent over TLS, and in the clear to this machine only".into());
        }
        let mut metadata = MetadataMap::new();
        if !options.actor.is_empty() {
            metadata.insert_bin("x-actor-bin", BinaryMetadataValue::from_bytes(options.actor.as_bytes()));
        }
        if let Some(token) = &options.token {
            metadata.insert("authorization", format!("Bearer {token}").parse()?);
        }
        let workspace: Arc<str> = options.workspace.into();
        let headers = metadata.into_headers().into();
        let caller = Caller { channel: endpoint.connect_lazy(), headers, workspace: workspace.clone() };
        Ok(Client { calls: caller.calls(), workspace })
    }
}

impl Options {
    fn tls_config(&self) -> Result<ClientTlsConfig, ConfigError> {
        let config = match &self.ca {
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Ok(config.identity(Identity::from_pem(read(cert)?, read(key)?))),
            (None, None) => Ok(config),
            _ => Err("a client certificate and its key are given together".into()),
        }
    }
}

fn is_local(endpoint: &Endpoint) -> bool {
    let host = endpoint.uri().host().unwrap_or_default().trim_matches(['[', ']']);
    endpoint.uri().scheme_str() == Some("unix")
        || host == "localhost"
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn read(path: &PathBuf) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// A UUID of version 7, for what a caller names itself.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}
