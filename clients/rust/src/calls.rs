//! What every call goes through between its stub and the connection.

use std::{error::Error, future::Future, iter::successors, pin::Pin, sync::Arc, task, time::Duration};

use async_stream::try_stream;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, request::Parts};
use http_body_util::{BodyExt, Full, StreamBody};
use prost::encoding::string;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::Stream;
use tonic::{Code, Status, body::Body, transport::Channel};
use tower::{Service, ServiceExt};

use crate::{client::new_id, method::Method, refusal::is_unconnected};

type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The connection that stubs call through. It adds who calls, the deadline, workspace and request id where they are
/// missing, waits for the connection, and retries as `service_config.json` says.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) channel: Channel,
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) workspace: Arc<str>,
}

impl Calls {
    async fn run(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut parts, body) = request.into_parts();
        let unknown = || Status::unimplemented(format!("no method {}", parts.uri.path()));
        let method = Method::at(parts.uri.path()).ok_or_else(unknown)?;
        let timeout = parts.headers.get("grpc-timeout").and_then(timeout_of).or(method.timeout);
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        parts.headers.extend(HeaderMap::clone(&self.headers));
        if !method.takes_one {
            return within(deadline, attempt(self.channel, parts, body, deadline)).await?;
        }
        let message = self.filled(method, body.collect().await?.to_bytes());
        let (mut attempts, mut unconnected) = (0, 0);
        loop {
            let body = Body::new(Full::new(message.clone()));
            let tried = within(deadline, attempt(self.channel.clone(), parts.clone(), body, deadline)).await?;
            let status = match tried {
                Ok(response) => match Status::from_header_map(response.headers()) {
                    Some(status) if status.code() != Code::Ok => status,
                    _ => return Ok(response),
                },
                Err(status) => status,
            };
            if method.waits_for_ready && is_unconnected(&status) {
                unconnected += 1;
            } else if attempts + 1 < method.max_attempts && method.retryable.contains(&status.code()) {
                attempts += 1;
            } else {
                return Err(status);
            }
            let pause = sleep(method.backoff(attempts.max(unconnected)));
            within(deadline, pause).await.map_err(|late| Status::new(late.code(), status.message()))?;
        }
    }

    /// A message with workspace and request id in front of its own fields: of a field that comes twice the last counts.
    fn filled(&self, method: &Method, message: Bytes) -> Bytes {
        let mut fields = BytesMut::new();
        if method.workspace_id > 0 && !self.workspace.is_empty() {
            string::encode(method.workspace_id, &self.workspace.to_string(), &mut fields);
        }
        if method.request_id > 0 {
            string::encode(method.request_id, &new_id(), &mut fields);
        }
        // Five bytes go before a message: whether it is compressed, which these are not, and its length.
        if fields.is_empty() || message.len() < 5 || message[0] != 0 {
            return message;
        }
        let mut framed = BytesMut::with_capacity(message.len() + fields.len());
        framed.put_u8(0);
        framed.put_u32((message.len() - 5 + fields.len()) as u32);
        framed.put(fields);
        framed.put_slice(&message[5..]);
        framed.freeze()
    }
}

impl Service<Request<Body>> for Calls {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Status>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().run(request))
    }
}

/// Makes a call once. What breaks the connection is UNAVAILABLE, as in gRPC of other languages, not UNKNOWN.
async fn attempt(
    channel: Channel,
    mut parts: Parts,
    body: Body,
    deadline: Option<Instant>,
) -> Result<Response<Body>, Status> {
    if let Some(deadline) = deadline {
        let left = format!("{}m", (deadline - Instant::now()).as_millis().clamp(1, 99_999_999));
        parts.headers.insert("grpc-timeout", HeaderValue::try_from(left).expect("digits and a letter"));
    }
    let response = channel.oneshot(Request::from_parts(parts, body)).await.map_err(broken)?;
    if response.headers().contains_key("grpc-status") {
        return Ok(response);
    }
    Ok(response.map(|mut body| {
        let frames: BoxStream<_> = Box::pin(try_stream! {
            while let Some(frame) = within(deadline, body.frame()).await? {
                yield frame.map_err(broken)?;
            }
        });
        Body::new(StreamBody::new(frames))
    }))
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
