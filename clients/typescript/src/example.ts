/** Twelve steps that every client of the service goes through, against a server at 127.0.0.1:50051 or the address given. */

import { status as Code } from "@grpc/grpc-js";

import { ErrorReason } from "../gen/exam_sessions/v1/error_reason.js";
import { OperationResult } from "../gen/exam_sessions/v1/operation.js";
import { Action, type Booking, type Release, type Session, State } from "./messages.js";
import { WatchFilter } from "../gen/exam_sessions/v1/session_service.js";
import { HealthCheckResponse_ServingStatus as Serving } from "../gen/grpc_health/v1/health.js";
import { Client, importSessions, listSessions, newId, Refusal, waitFor, watch } from "./client.js";

const MANY = 10_000;

const client = new Client(process.argv[2] ?? "127.0.0.1:50051", {
  actor: "example",
  token: process.env.EXAM_SESSIONS_TOKEN,
  ca: process.env.EXAM_SESSIONS_CA,
});

function say(step: number, text: string): void {
  console.log(`${String(step).padStart(2)}  ${text}`);
}

function bookings(prefix: string, count: number): Partial<Booking>[] {
  return Array.from({ length: count }, (_, n) => ({ candidate: { candidateId: `${prefix}-${n}` } }) as Partial<Booking>);
}

function byId(id: string): { $case: "sessionId"; value: string } {
  return { $case: "sessionId", value: id };
}

async function refused(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

async function catalogue(): Promise<Release> {
  const reference = `ts-${newId()}`;
  const questions = [
    { number: "1", options: [{ label: "A" }, { label: "B" }], keys: ["0"] },
    { number: "2", availableMark: "4" },
  ];
  await client.catalog.createTestForm({ testForm: { reference, questions } });
  const hour = 3_600_000;
  const release = {
    name: `TypeScript ${newId()}`,
    testForm: reference,
    windowStart: new Date(Date.now() - hour).toISOString(),
    windowEnd: new Date(Date.now() + hour).toISOString(),
    duration: { seconds: 1800n, nanos: 0 },
  };
  return (await client.catalog.createRelease({ release })).release!;
}

/** Takes a session from its booking to its marks. */
async function life(id: string, keycode: string): Promise<Session> {
  const session = byId(id);
  const answer = (question: string, response: object) => ({ questions: [{ id: question, response }] });
  const chosen = { options: [{ option: { $case: "label" as const, value: "A" } }] };
  await client.lifecycle.createPackage({ session });
  await client.lifecycle.downloadSession({ session });
  await client.lifecycle.enterKeycode({ session: { $case: "keycode", value: keycode } });
  const responses = [answer("1", chosen), answer("2", { text: "Because." })];
  await client.marking.setResponses({ session, responses });
  await client.lifecycle.finishSession({ session });
  await client.marking.scoreResponse({ session, questionNumber: "2", mark: "3" });
  await client.marking.submitMarkedSession({ session });
  return (await client.sessions.getSession({ session })).session!;
}

/** Where the events of the workspace have come to. */
async function sequenceNow(): Promise<bigint> {
  const request = { start: { $case: "now" as const, value: true }, heartbeatInterval: { seconds: 0n, nanos: 100_000_000 } };
  for await (const piece of watch(client, request)) if (piece.sequence > 0n) return piece.sequence;
  throw new Error("the watch ended");
}

/** What happened to a session: two events, and the others by a watch that begins behind them. */
async function watched(sequence: bigint, session: string): Promise<string[]> {
  const actions: string[] = [];
  let last = sequence;
  while (actions.length < 7) {
    const start = { $case: "startSequence" as const, value: last + 1n };
    const filter = WatchFilter.fromPartial({ sessionIds: [session] });
    for await (const piece of watch(client, { start, filter })) {
      for (const event of piece.events) {
        if (event.sequence <= last) throw new Error("an event came twice");
        last = event.sequence;
        actions.push(Action[event.action]);
      }
      if (actions.length >= 2) break;
    }
  }
  return actions;
}

async function canceled(session: string): Promise<Code> {
  const signal = AbortSignal.timeout(50);
  const filter = WatchFilter.fromPartial({ sessionIds: [session] });
  try {
    for await (const _ of watch(client, { start: { $case: "now", value: true }, filter }, signal));
  } catch (error) {
    return Refusal.of(error).code;
  }
  return Code.OK;
}

async function main(): Promise<void> {
  const health = await client.health.check({});
  say(1, `health: ${Serving[health.status]}`);

  const release = await catalogue();
  say(2, `catalogue: a form of two questions, and the release ${JSON.stringify(release.name)}`);

  const batch = await client.sessions.batchCreateSessions({ releaseId: release.id, bookings: bookings("b", MANY) });
  say(3, `batch: ${batch.sessions.length} sessions booked in one call`);

  let listed = 0;
  const filter = { releaseIds: [release.id] };
  for await (const _ of listSessions(client, { pageSize: 1000, filter } as object)) listed++;
  say(4, `pages: ${listed} sessions listed`);

  const before = await sequenceNow();
  const session = await life(batch.sessions[0].id, batch.sessions[0].keycode);
  say(5, `a life: ${State[session.state]} with ${session.points?.actual} of ${session.points?.max} points`);

  const refusal = await refused(client.lifecycle.pauseSession({ session: byId(session.id) }));
  say(6, `a refusal: ${ErrorReason[refusal.reason]}, ${JSON.stringify(refusal.facts)}`);

  const asked = { releaseId: release.id, booking: bookings("once", 1)[0], requestId: newId() };
  const first = (await client.sessions.createSession(asked)).session!;
  const second = (await client.sessions.createSession(asked)).session!;
  say(7, `a replay: the same request gave the same session: ${first.id === second.id}`);

  const stale = await refused(client.lifecycle.createPackage({ session: byId(first.id), etag: "another" }));
  if (stale.reason !== ErrorReason.STALE_SESSION) throw stale;
  say(8, `compare and set: ${stale.message}`);

  say(9, `a watch, begun again in its middle: ${(await watched(before, session.id)).join(" ")}`);

  let booked = 0n;
  const chunks = [0, 1, 2].map((n) => bookings(`import-${n}`, 500));
  await importSessions(client, release.id, chunks, (answer) => {
    booked = answer.bookedCount;
  });
  say(10, `an import: ${booked} sessions in 3 chunks`);

  const states = [State.SCHEDULED_BUT_NOT_CREATED];
  const accepted = await client.lifecycle.batchTransitionSessions({
    action: Action.CREATE_PACKAGE,
    sessions: { $case: "filter", value: { ...filter, states } } as never,
  });
  const ended = await waitFor(client, accepted.operation!);
  if (ended.result?.$case !== "response") throw new Error("the operation failed");
  const result = OperationResult.decode(ended.result.value.value);
  say(11, `an operation: ${result.succeededCount} packages were created, ${result.failedCount} were not`);

  const rows = { releaseId: release.id, bookings: bookings("late", MANY) };
  const late = await refused(client.sessions.batchCreateSessions(rows, { deadline: Date.now() + 1 }));
  const gone = await canceled(session.id);
  if (late.code !== Code.DEADLINE_EXCEEDED || gone !== Code.CANCELLED) throw late;
  say(12, `a deadline: ${Code[late.code]}; a cancel: ${Code[gone]}`);
}

try {
  await main();
} finally {
  client.close();
}
