//! What every call goes through between its stub and the connection.

use std::{error::Error, future::Future, iter::successors, pin::Pin, sync::Arc, time::Duration};

use async_stream::try_stream;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, request::Parts};
use http_body_util::{BodyExt, Full, StreamBody};
use prost::encoding::string;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::Stream;
use tonic::{Code, Status, body::Body, transport::Channel};
use tower::{ServiceExt, service_fn, util::BoxCloneSyncService};

use crate::{
    client::new_id,
    refusal::is_unconnected,
    services::{Method, Policy, method},
};

/// What stubs call through. It adds who calls, the deadline, workspace and request id where they are missing, waits for the
/// connection, and retries as `service_config.json` says.
pub type Calls = BoxCloneSyncService<Request<Body>, Response<Body>, Status>;

/// Calls over a connection.
#[derive(Clone)]
pub(crate) struct Caller {
    pub channel: Channel,
    pub headers: Arc<HeaderMap>,
    pub workspace: Arc<str>,
}

impl Caller {
    pub fn calls(self) -> Calls {
        BoxCloneSyncService::new(service_fn(move |request| self.clone().run(request)))
    }

    async fn run(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut parts, body) = request.into_parts();
        let method = method(parts.uri.path());
        let (policy, given) = (method.policy, parts.headers.get("grpc-timeout").and_then(timeout_of));
        let deadline = given.or(policy.timeout).map(|timeout| Instant::now() + timeout);
        parts.headers.extend(HeaderMap::clone(&self.headers));
        if !method.takes_one {
            return self.attempt(parts, body, deadline).await;
        }
        let message = self.filled(&method, body.collect().await?.to_bytes());
        let (mut attempts, mut unconnected) = (0, 0);
        loop {
            let body = Body::new(Full::new(message.clone()));
            let tried = self.attempt(parts.clone(), body, deadline).await;
            let Err(status) = tried else { return tried };
            if policy.waits_for_ready && is_unconnected(&status) {
                unconnected += 1;
            } else if attempts + 1 < policy.max_attempts && policy.retryable.contains(&status.code()) {
                attempts += 1;
            } else {
                return Err(status);
            }
            let pause = sleep(backoff(policy, attempts.max(unconnected)));
            within(deadline, pause).await.map_err(|late| Status::new(late.code(), status.message()))?;
        }
    }

    /// A message with workspace and request id in front of its own fields: of a field that comes twice the last counts.
    fn filled(&self, method: &Method, message: Bytes) -> Bytes {
        // Five bytes go before a message: whether it is compressed, which these are not, and its length.
        let mut framed = BytesMut::zeroed(5);
        if method.workspace_id > 0 && !self.workspace.is_empty() {
            string::encode(method.workspace_id, &self.workspace.to_string(), &mut framed);
        }
        if method.request_id > 0 {
            string::encode(method.request_id, &new_id(), &mut framed);
        }
        if framed.len() == 5 || message.len() < 5 || message[0] != 0 {
            return message;
        }
        framed.put_slice(&message[5..]);
        let length = framed.len() as u32 - 5;
        framed[1..5].copy_from_slice(&length.to_be_bytes());
        framed.freeze()
    }

    /// Makes a call once. What breaks the connection is UNAVAILABLE, as in gRPC of other languages, not UNKNOWN.
    async fn attempt(&self, mut parts: Parts, body: Body, deadline: Option<Instant>) -> Result<Response<Body>, Status> {
        if let Some(deadline) = deadline {
            let left = format!("{}m", (deadline - Instant::now()).as_millis().clamp(1, 99_999_999));
            parts.headers.insert("grpc-timeout", HeaderValue::try_from(left).expect("digits and a letter"));
        }
        let answered = self.channel.clone().oneshot(Request::from_parts(parts, body));
        let response = within(deadline, answered).await?.map_err(broken)?;
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != Code::Ok => Err(status),
            Some(_) => Ok(response),
            None => Ok(response.map(|mut body| {
                let frames: Pin<Box<dyn Stream<Item = Result<_, Status>> + Send>> = Box::pin(try_stream! {
                    while let Some(frame) = within(deadline, body.frame()).await? {
                        yield frame.map_err(broken)?;
                    }
                });
                Body::new(StreamBody::new(frames))
            })),
        }
    }
}

/// How long to wait after so many attempts, a fifth more or less by chance.
fn backoff(policy: &Policy, attempts: u32) -> Duration {
    let factor = policy.multiplier.powi(attempts.clamp(1, 30) as i32 - 1);
    policy.initial_backoff.mul_f64(factor).min(policy.max_backoff).mul_f64(0.8 + 0.4 * fastrand::f64())
}

fn broken(error: impl Into<tonic::codegen::StdError>) -> Status {
    let error = error.into();
    let causes = successors(Some(&*error as &dyn Error), |error| (*error).source());
    let text = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let mut status = Status::unavailable(text);
    status.set_source(Arc::from(error));
    status
}

async fn within<F: Future>(deadline: Option<Instant>, future: F) -> Result<F::Output, Status> {
    let Some(deadline) = deadline else { return Ok(future.await) };
    timeout_at(deadline, future).await.map_err(|_| Status::deadline_exceeded("the time of the call is over"))
}

/// Reads gRPC's form of a timeout: digits and a unit.
fn timeout_of(value: &HeaderValue) -> Option<Duration> {
    let (digits, unit) = value.to_str().ok()?.split_at(value.len() - 1);
    let units = [("H", 3600.0), ("M", 60.0), ("S", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9)];
    let seconds = units.iter().find(|(name, _)| *name == unit)?.1;
    Duration::try_from_secs_f64(digits.parse::<f64>().ok()? * seconds).ok()
}
