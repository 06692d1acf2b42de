use std::{error::Error, fs, net::IpAddr, path::PathBuf, time::Duration};

use tonic::{
    metadata::{BinaryMetadataValue, MetadataMap},
    transport::{Certificate, ClientTlsConfig, Endpoint, Identity},
};
use uuid::Uuid;

use crate::{calls::Calls, health, longrunning, v1};

/// Why no client could be made: the target, a file, or the token.
pub type ConfigError = Box<dyn Error + Send + Sync>;

/// How often an idle connection is probed; the server allows one ping a second.
const PING_EVERY: Duration = Duration::from_secs(30);

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
}

macro_rules! stubs {
    ($($name:ident: $module:ident::$client:ident::$stub:ident,)*) => {
        impl Client {
            $(#[doc = concat!("A stub of the service: [`", stringify!($stub), "`].")]
            pub fn $name(&self) -> $module::$client::$stub<Calls> {
                $module::$client::$stub::new(self.calls.clone())
            })*
        }
    };
}

stubs! {
    access: v1::access_service_client::AccessServiceClient,
    candidates: v1::candidate_service_client::CandidateServiceClient,
    catalog: v1::catalog_service_client::CatalogServiceClient,
    health: health::health_client::HealthClient,
    lifecycle: v1::lifecycle_service_client::LifecycleServiceClient,
    lockouts: v1::lockout_service_client::LockoutServiceClient,
    marking: v1::marking_service_client::MarkingServiceClient,
    operations: longrunning::operations_client::OperationsClient,
    sessions: v1::session_service_client::SessionServiceClient,
    templates: v1::template_service_client::TemplateServiceClient,
    workspaces: v1::workspace_service_client::WorkspaceServiceClient,
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
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(Duration::from_secs(20));
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
        let headers = metadata.into_headers().into();
        let calls = Calls { channel: endpoint.connect_lazy(), headers, workspace: options.workspace.into() };
        Ok(Client { calls })
    }
}

impl Options {
    fn tls_config(&self) -> Result<ClientTlsConfig, ConfigError> {
        let mut config = ClientTlsConfig::new();
        config = match &self.ca {
            Some(path) => config.ca_certificate(Certificate::from_pem(read(path)?)),
            None => config.with_native_roots(),
        };
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Ok(config.identity(Identity::from_pem(read(cert)?, read(key)?))),
            (None, None) => Ok(config),
            _ => Err("a client certificate and its key are given together".into()),
        }
    }
}

fn is_local(endpoint: &Endpoint) -> bool {
    let uri = endpoint.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    uri.scheme_str() == Some("unix")
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
