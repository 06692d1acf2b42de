//! Twelve steps that every client of the service goes through, against a server at 127.0.0.1:50051 or the address given.

use std::{
    env,
    error::Error,
    pin::pin,
    time::{Duration, SystemTime},
};

use exam_sessions::{
    Client, Options, Refusal,
    health::{HealthCheckRequest, health_check_response::ServingStatus},
    longrunning::operation,
    new_id,
    v1::{
        self, Action, BatchCreateSessionsRequest, BatchTransitionSessionsRequest, BookedSession, Booking, Candidate,
        Choice, CreatePackageRequest, CreateReleaseRequest, CreateSessionRequest, CreateTestFormRequest,
        DownloadSessionRequest, EnterKeycodeRequest, ErrorReason, FinishSessionRequest, GetSessionRequest,
        ItemResponse, ListSessionsRequest, OperationResult, PauseSessionRequest, Question, QuestionResponse, Release,
        Response, ScoreResponseRequest, Session, SessionFilter, SetResponsesRequest, State, SubmitMarkedSessionRequest,
        TestForm, WatchFilter, WatchSessionsRequest, choice::Option as Chosen, watch_sessions_request::Start,
    },
};
use tokio_stream::StreamExt;
use tonic::{Code, Request};

const MANY: usize = 10_000;
const HOUR: Duration = Duration::from_secs(3600);

macro_rules! by_id {
    ($request:ident, $id:expr) => {
        Some(v1::$request::Session::SessionId($id.clone()))
    };
}

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let target = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let client = Client::new(
        &target,
        Options {
            actor: "example".into(),
            token: env::var("EXAM_SESSIONS_TOKEN").ok(),
            ca: env::var_os("EXAM_SESSIONS_CA").map(Into::into),
            ..Default::default()
        },
    )?;

    let health = client.health().check(HealthCheckRequest::default()).await?.into_inner();
    say(1, format!("health: {}", ServingStatus::try_from(health.status)?.as_str_name()));

    let release = catalogue(&client).await?;
    say(2, format!("catalogue: a form of two questions, and the release {:?}", release.name));

    let request = BatchCreateSessionsRequest {
        release_id: release.id.clone(),
        bookings: bookings("b", MANY),
        ..Default::default()
    };
    let batch = client.sessions().batch_create_sessions(request).await?.into_inner();
    say(3, format!("batch: {} sessions booked in one call", batch.sessions.len()));

    let filter = SessionFilter { release_ids: vec![release.id.clone()], ..Default::default() };
    let mut listed = 0;
    let request = ListSessionsRequest { page_size: 1000, filter: Some(filter.clone()), ..Default::default() };
    let mut sessions = pin!(client.list_sessions(request));
    while sessions.try_next().await?.is_some() {
        listed += 1;
    }
    say(4, format!("pages: {listed} sessions listed"));

    let before = sequence_now(&client).await?;
    let session = life(&client, &batch.sessions[0]).await?;
    let points = session.points.clone().unwrap_or_default();
    say(5, format!("a life: {} with {} of {} points", session.state().as_str_name(), points.actual, points.max));

    let request = PauseSessionRequest { session: by_id!(pause_session_request, session.id), ..Default::default() };
    let refusal = refused(client.lifecycle().pause_session(request).await)?;
    say(6, format!("a refusal: {}, {:?}", refusal.reason.as_str_name(), refusal.facts));

    let asked = CreateSessionRequest {
        release_id: release.id.clone(),
        booking: bookings("once", 1).pop(),
        request_id: new_id(),
        ..Default::default()
    };
    let first = client.sessions().create_session(asked.clone()).await?.into_inner().session.unwrap_or_default();
    let second = client.sessions().create_session(asked).await?.into_inner().session.unwrap_or_default();
    say(7, format!("a replay: the same request gave the same session: {}", first.id == second.id));

    let request = CreatePackageRequest {
        session: by_id!(create_package_request, first.id),
        etag: "another".into(),
        ..Default::default()
    };
    let stale = refused(client.lifecycle().create_package(request).await)?;
    assert_eq!(stale.reason, ErrorReason::StaleSession, "an etag of somewhere else was taken");
    say(8, format!("compare and set: {stale}"));

    say(9, format!("a watch, begun again in its middle: {}", watched(&client, before, &session.id).await?.join(" ")));

    let mut booked = 0;
    let mut answers = pin!(client.import(&release.id, (0..3).map(|n| bookings(&format!("import-{n}"), 500))));
    while let Some(answer) = answers.try_next().await? {
        booked = answer.booked_count;
    }
    say(10, format!("an import: {booked} sessions in 3 chunks"));

    let request = BatchTransitionSessionsRequest {
        action: Action::CreatePackage.into(),
        sessions: Some(v1::batch_transition_sessions_request::Sessions::Filter(SessionFilter {
            states: vec![State::ScheduledButNotCreated.into()],
            ..filter
        })),
        ..Default::default()
    };
    let accepted = client.lifecycle().batch_transition_sessions(request).await?.into_inner();
    let ended = client.wait(accepted.operation.unwrap_or_default()).await?;
    let result = match ended.result {
        Some(operation::Result::Response(any)) => any.to_msg::<OperationResult>()?,
        other => return Err(format!("the operation failed: {other:?}").into()),
    };
    let (done, failed) = (result.succeeded_count, result.failed_count);
    say(11, format!("an operation: {done} packages were created, {failed} were not"));

    let mut late = Request::new(BatchCreateSessionsRequest {
        release_id: release.id,
        bookings: bookings("late", MANY),
        ..Default::default()
    });
    late.set_timeout(Duration::from_millis(1));
    let late = refused(client.sessions().batch_create_sessions(late).await)?;
    assert_eq!(late.code, Code::DeadlineExceeded, "{late}");
    say(12, format!("a deadline: {:?}; a cancel: {}", late.code, canceled(client, session.id).await?));
    Ok(())
}

async fn catalogue(client: &Client) -> Result<Release, Refusal> {
    let reference = format!("rust-{}", new_id());
    let option = |label: &str| v1::Option { label: label.into(), ..Default::default() };
    let questions = vec![
        Question {
            number: "1".into(),
            options: vec![option("A"), option("B")],
            keys: vec!["0".into()],
            ..Default::default()
        },
        Question { number: "2".into(), available_mark: "4".into(), ..Default::default() },
    ];
    let test_form = Some(TestForm { reference: reference.clone(), questions, ..Default::default() });
    client.catalog().create_test_form(CreateTestFormRequest { test_form, ..Default::default() }).await?;
    let now = SystemTime::now();
    let release = Some(Release {
        name: format!("Rust {}", new_id()),
        test_form: reference,
        window_start: Some((now - HOUR).into()),
        window_end: Some((now + HOUR).into()),
        duration: Some(prost_types::Duration { seconds: 1800, nanos: 0 }),
        ..Default::default()
    });
    let reply = client.catalog().create_release(CreateReleaseRequest { release, ..Default::default() }).await?;
    Ok(reply.into_inner().release.unwrap_or_default())
}

/// Takes a session from its booking to its marks.
async fn life(client: &Client, booked: &BookedSession) -> Result<Session, Refusal> {
    let (mut lifecycle, mut marking) = (client.lifecycle(), client.marking());
    let id = &booked.id;
    lifecycle
        .create_package(CreatePackageRequest { session: by_id!(create_package_request, id), ..Default::default() })
        .await?;
    lifecycle
        .download_session(DownloadSessionRequest {
            session: by_id!(download_session_request, id),
            ..Default::default()
        })
        .await?;
    let keycode = Some(v1::enter_keycode_request::Session::Keycode(booked.keycode.clone()));
    lifecycle.enter_keycode(EnterKeycodeRequest { session: keycode, ..Default::default() }).await?;
    let chosen = Choice { option: Some(Chosen::Label("A".into())) };
    let responses = vec![
        response("1", Response { options: vec![chosen], ..Default::default() }),
        response("2", Response { text: "Because.".into(), ..Default::default() }),
    ];
    marking
        .set_responses(SetResponsesRequest {
            session: by_id!(set_responses_request, id),
            responses,
            ..Default::default()
        })
        .await?;
    lifecycle
        .finish_session(FinishSessionRequest { session: by_id!(finish_session_request, id), ..Default::default() })
        .await?;
    let mark = ScoreResponseRequest {
        session: by_id!(score_response_request, id),
        question_number: "2".into(),
        mark: "3".into(),
        ..Default::default()
    };
    marking.score_response(mark).await?;
    marking
        .submit_marked_session(SubmitMarkedSessionRequest {
            session: by_id!(submit_marked_session_request, id),
            ..Default::default()
        })
        .await?;
    let reply = client
        .sessions()
        .get_session(GetSessionRequest { session: by_id!(get_session_request, id), ..Default::default() })
        .await?;
    Ok(reply.into_inner().session.unwrap_or_default())
}

fn response(question: &str, response: Response) -> ItemResponse {
    let answer = QuestionResponse { id: question.into(), response: Some(response) };
    ItemResponse { questions: vec![answer], ..Default::default() }
}

/// Where the events of the workspace have come to.
async fn sequence_now(client: &Client) -> Result<i64, Refusal> {
    let heartbeat_interval = Some(prost_types::Duration { seconds: 0, nanos: 100_000_000 });
    let request = WatchSessionsRequest { start: Some(Start::Now(true)), heartbeat_interval, ..Default::default() };
    let mut pieces = pin!(client.watch(request));
    while let Some(piece) = pieces.try_next().await? {
        if piece.sequence > 0 {
            return Ok(piece.sequence);
        }
    }
    Ok(0)
}

/// What happened to a session: two events, and the others by a watch that begins behind them.
async fn watched(client: &Client, mut sequence: i64, session: &str) -> Result<Vec<&'static str>, Refusal> {
    let mut actions = vec![];
    while actions.len() < 7 {
        let start = Some(Start::StartSequence(sequence + 1));
        let filter = Some(WatchFilter { session_ids: vec![session.into()], ..Default::default() });
        let mut pieces = pin!(client.watch(WatchSessionsRequest { start, filter, ..Default::default() }));
        while let Some(piece) = pieces.try_next().await? {
            for event in piece.events {
                assert!(event.sequence > sequence, "an event came twice");
                sequence = event.sequence;
                actions.push(event.action().as_str_name());
            }
            if actions.len() >= 2 {
                break;
            }
        }
    }
    Ok(actions)
}

/// Whether a call ends whose caller goes away: in Rust a call is cancelled when its future or stream is dropped.
async fn canceled(client: Client, session: String) -> Result<&'static str, Failure> {
    let watching = tokio::spawn(async move {
        let filter = Some(WatchFilter { session_ids: vec![session], ..Default::default() });
        let request = WatchSessionsRequest { start: Some(Start::Now(true)), filter, ..Default::default() };
        let mut pieces = pin!(client.watch(request));
        while pieces.next().await.is_some() {}
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    watching.abort();
    match watching.await {
        Err(error) if error.is_cancelled() => Ok("Cancelled"),
        other => Err(format!("the watch ended: {other:?}").into()),
    }
}

fn refused<T>(outcome: Result<T, tonic::Status>) -> Result<Refusal, Failure> {
    outcome.err().map(Refusal::from).ok_or_else(|| "it was not refused".into())
}

fn bookings(prefix: &str, count: usize) -> Vec<Booking> {
    let candidate = |n| Candidate { candidate_id: format!("{prefix}-{n}"), ..Default::default() };
    (0..count).map(|n| Booking { candidate: Some(candidate(n)), ..Default::default() }).collect()
}

fn say(step: usize, text: String) {
    println!("{step:>2}  {text}");
}
