//! The client beside a server that is killed, one that says nothing, and one that is measured; scripts run it.

use std::{collections::HashSet, env, error::Error, pin::pin, time::Instant};

use exam_sessions::{
    Client, Options, Refusal,
    v1::{
        Booking, Candidate, CreateSessionRequest, GetSessionRequest, PauseSessionRequest, ResumeSessionRequest,
        WatchFilter, WatchSessionsRequest, get_session_request, pause_session_request, resume_session_request,
        watch_sessions_request::Start,
    },
};
use tokio::task::JoinSet;
use tokio_stream::StreamExt;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let client = Client::new(&arguments[1], Options { actor: "trial".into(), ..Default::default() })?;
    match arguments[0].as_str() {
        "restarts" => {
            let numbers = arguments[3..].iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()?;
            restarts(&client, &arguments[2], &numbers).await
        }
        "silent" => {
            let refusal = read(&client, "any").await.expect_err("nobody answers");
            println!("{:?}", refusal.code);
            Ok(())
        }
        _ => calls(&client, &arguments[2], arguments[3].parse()?, &arguments[4..]).await,
    }
}

/// Imports and books, and watches until all of it was seen; numbers: sequence, chunks, size of a chunk, calls.
async fn restarts(client: &Client, release: &str, numbers: &[i64]) -> Result<(), Failure> {
    let &[sequence, chunks, size, calls] = numbers else { return Err("four numbers are needed".into()) };
    let importing = async {
        let rosters = (0..chunks).map(|chunk| (0..size).map(|n| booking(format!("import-{chunk}-{n}"))).collect());
        let (mut answers, mut imported) = (pin!(client.import(release, rosters)), 0);
        while let Some(answer) = answers.try_next().await? {
            imported += answer.sessions.len();
            println!("answered {}", answer.chunk);
        }
        Ok::<_, Refusal>(imported)
    };
    let creating = async {
        for n in 0..calls {
            let booking = Some(booking(format!("call-{n}")));
            let request = CreateSessionRequest { release_id: release.into(), booking, ..Default::default() };
            client.sessions().create_session(request).await?;
        }
        Ok(calls)
    };
    let watching = async {
        let (mut last, mut known, mut seen, mut twice) = (sequence, HashSet::new(), 0, 0);
        let start = Some(Start::StartSequence(sequence + 1));
        let filter = Some(WatchFilter { release_ids: vec![release.into()], ..Default::default() });
        let mut pieces = pin!(client.watch(WatchSessionsRequest { start, filter, ..Default::default() }));
        while known.len() < (chunks * size + calls) as usize
            && let Some(piece) = pieces.try_next().await?
        {
            for event in piece.events {
                seen += 1;
                let again = !known.insert(event.session_id) || event.sequence <= last;
                twice += usize::from(again);
                last = event.sequence;
            }
        }
        Ok((seen, twice))
    };
    let (imported, created, (seen, twice)) = tokio::try_join!(importing, creating, watching)?;
    println!("imported {imported} created {created} seen {seen} twice {twice}");
    Ok(())
}

/// Makes so many calls, one after another for each session, and says how long it took.
async fn calls(client: &Client, kind: &str, count: usize, sessions: &[String]) -> Result<(), Failure> {
    let pairs = count / 2 / sessions.len();
    round(client, kind, pairs / 10 + 1, sessions).await?;
    println!("begin");
    let began = Instant::now();
    round(client, kind, pairs, sessions).await?;
    println!("made {} {}", pairs * 2 * sessions.len(), began.elapsed().as_secs_f64());
    Ok(())
}

async fn round(client: &Client, kind: &str, pairs: usize, sessions: &[String]) -> Result<(), Failure> {
    let mut callers = JoinSet::new();
    for id in sessions {
        let (client, id, reads) = (client.clone(), id.clone(), kind == "reads");
        callers.spawn(async move {
            for _ in 0..pairs {
                if reads {
                    read(&client, &id).await?;
                    read(&client, &id).await?;
                } else {
                    let session = Some(pause_session_request::Session::SessionId(id.clone()));
                    client.lifecycle().pause_session(PauseSessionRequest { session, ..Default::default() }).await?;
                    let session = Some(resume_session_request::Session::SessionId(id.clone()));
                    client.lifecycle().resume_session(ResumeSessionRequest { session, ..Default::default() }).await?;
                }
            }
            Ok::<_, Refusal>(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn read(client: &Client, id: &str) -> Result<(), Refusal> {
    let session = Some(get_session_request::Session::SessionId(id.into()));
    client.sessions().get_session(GetSessionRequest { session, ..Default::default() }).await?;
    Ok(())
}

fn booking(candidate_id: String) -> Booking {
    let candidate = Candidate { candidate_id, ..Default::default() };
    Booking { candidate: Some(candidate), ..Default::default() }
}
