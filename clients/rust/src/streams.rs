//! Lists page by page, watches and imports that go on by themselves, and waiting for operations.

use std::{collections::VecDeque, future::Future, pin::pin, time::Duration};

use async_stream::try_stream;
use tokio::{sync::mpsc, time::sleep};
use tokio_stream::{Stream, StreamExt, wrappers::UnboundedReceiverStream};
use tonic::{Response, Status, Streaming};

use crate::{
    Client, Refusal, longrunning as lro, new_id,
    refusal::is_unconnected,
    v1::{self as pb, ErrorReason, watch_sessions_request::Start},
};

/// How often in a row a stream is begun without bringing anything.
const TRIES: u32 = 8;

/// How many chunks of an import are sent before the first of them is answered.
const CHUNKS_AT_ONCE: usize = 4;

/// Goes through a list: `next` asks for the page of a token and returns its elements and the token of the next page.
pub fn pages<T, F>(mut next: impl FnMut(String) -> F) -> impl Stream<Item = Result<T, Refusal>>
where
    F: Future<Output = Result<(Vec<T>, String), Refusal>>,
{
    try_stream! {
        let mut token = Some(String::new());
        while let Some(asked) = token {
            let (elements, following) = next(asked).await?;
            for element in elements {
                yield element;
            }
            token = Some(following).filter(|token| !token.is_empty());
        }
    }
}

impl Client {
    /// Goes through the sessions that a request matches, page by page.
    pub fn list_sessions(
        &self,
        request: pb::ListSessionsRequest,
    ) -> impl Stream<Item = Result<pb::Session, Refusal>> + use<> {
        let stub = self.sessions();
        pages(move |page_token| {
            let mut stub = stub.clone();
            let request = pb::ListSessionsRequest { page_token, ..request.clone() };
            async move {
                let reply = stub.list_sessions(request).await?.into_inner();
                Ok((reply.sessions, reply.next_page_token))
            }
        })
    }

    /// Goes through what happens, and goes on by itself after an interruption: behind the last sequence, or with a new
    /// snapshot while the first was not complete, or where the service no longer reaches back so far. It ends with a
    /// refusal that does not pass, or when it is dropped. A consumer goes on behind what it has acknowledged.
    pub fn watch(
        &self,
        mut request: pb::WatchSessionsRequest,
    ) -> impl Stream<Item = Result<pb::WatchSessionsResponse, Refusal>> + use<> {
        let (mut stub, mut failures) = (self.sessions(), 0);
        try_stream! {
            loop {
                let mut pieces = pin!(messages(stub.watch_sessions(request.clone())));
                while let Some(piece) = pieces.next().await {
                    match piece {
                        Ok(piece) => {
                            failures = 0;
                            let begun = request.start.is_some() || piece.snapshot_complete;
                            if begun && !matches!(request.start, Some(Start::Consumer(_))) {
                                request.start = Some(Start::StartSequence(piece.sequence + 1));
                            }
                            yield piece;
                        }
                        Err(refusal) => {
                            if refusal.reason == ErrorReason::SequenceTooOld {
                                request.start = None;
                            }
                            pause(&mut failures, refusal).await?;
                        }
                    }
                }
            }
        }
    }

    /// Books a roster of any length, each of the chunks in one transaction; the stream says what became of each. After an
    /// interruption the import is begun again with the same id, and what was not answered is sent again; nothing is
    /// booked twice. A refused chunk has its refusal in the answer (`Refusal::from`), and the import goes on.
    pub fn import<C: IntoIterator<Item = Vec<pb::Booking>>>(
        &self,
        release_id: &str,
        chunks: C,
    ) -> impl Stream<Item = Result<pb::ImportSessionsResponse, Refusal>> + use<C> {
        let (mut stub, mut failures, mut waiting) = (self.sessions(), 0, VecDeque::new());
        let workspace_id = self.workspace.to_string();
        let (release_id, import_id) = (release_id.to_owned(), new_id());
        let first = pb::ImportSessionsRequest { workspace_id, release_id, import_id, ..Default::default() };
        try_stream! {
            let numbered = |(chunk, bookings)| pb::ImportSessionsRequest { chunk, bookings, ..first.clone() };
            let mut chunks = (0..).zip(chunks).map(numbered);
            'begun: loop {
                let (sender, requests) = mpsc::unbounded_channel();
                let mut answers = pin!(messages(stub.import_sessions(UnboundedReceiverStream::new(requests))));
                let mut sent = 0;
                loop {
                    waiting.extend(chunks.by_ref().take(CHUNKS_AT_ONCE - waiting.len()));
                    // A stream that has ended takes no more; its end is read below.
                    waiting.range(sent..).for_each(|chunk| drop(sender.send(chunk.clone())));
                    if waiting.is_empty() {
                        break 'begun;
                    }
                    match answers.next().await {
                        Some(Ok(answer)) => {
                            (failures, sent) = (0, waiting.len() - 1);
                            waiting.pop_front();
                            yield answer;
                        }
                        Some(Err(refusal)) => pause(&mut failures, refusal).await?,
                        None => break,
                    }
                }
            }
        }
    }

    /// Waits until an operation has ended, and returns it; its error is in the operation.
    pub async fn wait(&self, mut operation: lro::Operation) -> Result<lro::Operation, Refusal> {
        while !operation.done {
            let timeout = Some(prost_types::Duration { seconds: 30, nanos: 0 });
            let request = lro::WaitOperationRequest { name: operation.name.clone(), timeout };
            operation = self.operations().wait_operation(request).await?.into_inner();
        }
        Ok(operation)
    }
}

/// The messages of a stream; that it could not be begun, or ends, is a refusal.
fn messages<T>(
    begun: impl Future<Output = Result<Response<Streaming<T>>, Status>>,
) -> impl Stream<Item = Result<T, Refusal>> {
    try_stream! {
        let mut stream = begun.await?.into_inner();
        while let Some(message) = stream.message().await? {
            yield message;
        }
        Err(Status::unavailable("the stream ended early"))?;
    }
}

/// Waits before a stream is begun again: longer each time, and at least as long as the service says. Fails with the
/// refusal when that does not pass, or nothing was brought too often; being without a connection does not count.
async fn pause(failures: &mut u32, refusal: Refusal) -> Result<(), Refusal> {
    let passes = refusal.passes() || refusal.reason == ErrorReason::SequenceTooOld;
    if !passes || (*failures == TRIES && !is_unconnected(refusal.status())) {
        return Err(refusal);
    }
    let wait = Duration::from_millis(100 << *failures).min(Duration::from_secs(3));
    *failures = TRIES.min(*failures + 1);
    sleep(wait.max(refusal.retry_after.unwrap_or_default())).await;
    Ok(())
}
