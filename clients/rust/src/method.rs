//! What is known of each method: from the descriptors, and from `service_config.json`, which tonic does not read itself.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::{Value, json};
use tonic::Code;

const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/protos.binpb"));

static METHODS: LazyLock<HashMap<String, Method>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("protoc wrote it");
    let config = serde_json::from_str(include_str!("../service_config.json")).expect("it is JSON");
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let path = |method: &MethodDescriptor| format!("/{}/{}", method.parent_service().full_name(), method.name());
    methods.map(|method| (path(&method), Method::new(&method, &config))).collect()
});

pub(crate) struct Method {
    /// The numbers of two fields of the request, 0 where it has none.
    pub workspace_id: u32,
    pub request_id: u32,
    /// Whether it takes one request, not a stream of them.
    pub takes_one: bool,
    pub waits_for_ready: bool,
    pub timeout: Option<Duration>,
    pub max_attempts: u64,
    pub retryable: Vec<Code>,
    initial_backoff: Duration,
    max_backoff: Duration,
    multiplier: f64,
}

impl Method {
    /// The method at a path, `/package.Service/Method`, where there is one.
    pub fn at(path: &str) -> Option<&'static Method> {
        METHODS.get(path)
    }

    fn new(method: &MethodDescriptor, config: &Value) -> Self {
        let (service, name) = (method.parent_service().full_name().to_owned(), method.name());
        let names = [json!({"service": service, "method": name}), json!({ "service": service }), json!({})];
        let configs = config["methodConfig"].as_array().into_iter().flatten();
        let found = |name: &Value| configs.clone().find(|config| config["name"].as_array().unwrap().contains(name));
        let config = names.iter().find_map(found).unwrap_or(&Value::Null);
        let (retry, input) = (&config["retryPolicy"], method.input());
        let number = |field| input.get_field_by_name(field).map_or(0, |field| field.number());
        let codes = retry["retryableStatusCodes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let code = |name: &str| {
            (0..17).map(Code::from).find(|code| format!("{code:?}").to_uppercase() == name.replace('_', ""))
        };
        Method {
            workspace_id: number("workspace_id"),
            request_id: number("request_id"),
            takes_one: !method.is_client_streaming(),
            waits_for_ready: config["waitForReady"] == true,
            timeout: duration(&config["timeout"]),
            max_attempts: retry["maxAttempts"].as_u64().unwrap_or(1),
            retryable: codes.filter_map(code).collect(),
            initial_backoff: duration(&retry["initialBackoff"]).unwrap_or(Duration::from_millis(100)),
            max_backoff: duration(&retry["maxBackoff"]).unwrap_or(Duration::from_secs(3)),
            multiplier: retry["backoffMultiplier"].as_f64().unwrap_or(2.0),
        }
    }

    /// How long to wait after so many attempts, a fifth more or less by chance.
    pub fn backoff(&self, attempts: u64) -> Duration {
        let factor = self.multiplier.powi(attempts.clamp(1, 30) as i32 - 1);
        self.initial_backoff.mul_f64(factor).min(self.max_backoff).mul_f64(0.8 + 0.4 * fastrand::f64())
    }
}

/// Reads a duration as JSON writes it: "0.1s".
fn duration(value: &Value) -> Option<Duration> {
    value.as_str()?.strip_suffix('s')?.parse().ok().map(Duration::from_secs_f64)
}
