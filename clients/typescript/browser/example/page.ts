/**
 * The steps of the other examples that a page can do: all but the import, which is a stream of requests. It takes from its
 * address how calls travel and where the gateway is: ?protocol=connect&gateway=https://exams.example.org
 */

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";

import type { Release } from "../gen/exam_sessions/v1/catalog_pb.js";
import { ErrorReason } from "../gen/exam_sessions/v1/error_reason_pb.js";
import { OperationResultSchema } from "../gen/exam_sessions/v1/operation_pb.js";
import { Action, type Session, State } from "../gen/exam_sessions/v1/session_pb.js";
import { HealthCheckResponse_ServingStatus as Serving } from "../gen/grpc_health/v1/health_pb.js";
import { connect, listSessions, newId, type Options, Refusal, waitFor, watch } from "../src/client.js";

const MANY = 10_000;

const asked = new URLSearchParams(location.search);
const protocol = (asked.get("protocol") ?? "grpc-web") as Options["protocol"];
const gateway = asked.get("gateway") ?? location.origin;
const client = connect(gateway, { protocol, actor: "Zoë", token: asked.get("token") ?? undefined });

function say(step: number, text: string): void {
  document.querySelector("pre")!.textContent += `${String(step).padStart(2)}  ${text}\n`;
}

function bookings(prefix: string, count: number) {
  return Array.from({ length: count }, (_, n) => ({ candidate: { candidateId: `${prefix}-${n}` } }));
}

function byId(value: string) {
  return { case: "sessionId" as const, value };
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
  const reference = `web-${newId()}`;
  const questions = [
    { number: "1", options: [{ label: "A" }, { label: "B" }], keys: ["0"] },
    { number: "2", availableMark: "4" },
  ];
  await client.catalog.createTestForm({ testForm: { reference, questions } });
  const release = { name: `Browser ${newId()}`, testForm: reference, duration: { seconds: 1800n } };
  return (await client.catalog.createRelease({ release })).release!;
}

/** Takes a session from its booking to its marks. */
async function life(id: string, keycode: string): Promise<Session> {
  const session = byId(id);
  await client.lifecycle.createPackage({ session });
  await client.lifecycle.downloadSession({ session });
  await client.lifecycle.enterKeycode({ session: { case: "keycode", value: keycode } });
  const chosen = { options: [{ option: { case: "label" as const, value: "A" } }] };
  const responses = [
    { questions: [{ id: "1", response: chosen }] },
    { questions: [{ id: "2", response: { text: "Because." } }] },
  ];
  await client.marking.setResponses({ session, responses });
  await client.lifecycle.finishSession({ session });
  await client.marking.scoreResponse({ session, questionNumber: "2", mark: "3" });
  await client.marking.submitMarkedSession({ session });
  return (await client.sessions.getSession({ session })).session!;
}

/** Where the events of the workspace have come to. */
async function sequenceNow(): Promise<bigint> {
  const request = { start: { case: "now" as const, value: true }, heartbeatInterval: { nanos: 100_000_000 } };
  for await (const piece of watch(client, request)) if (piece.sequence > 0n) return piece.sequence;
  throw new Error("the watch ended");
}

/** What happened to a session: two events, and the others by a watch that begins behind them. */
async function watched(sequence: bigint, session: string): Promise<string[]> {
  const actions: string[] = [];
  let last = sequence;
  while (actions.length < 7) {
    const start = { case: "startSequence" as const, value: last + 1n };
    for await (const piece of watch(client, { start, filter: { sessionIds: [session] } })) {
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

/** A watch that is canceled, and a call whose time is up. */
async function givenUp(session: string, release: string): Promise<[Refusal, Refusal]> {
  const canceled = new AbortController();
  const waiting = (async () => {
    const filter = { sessionIds: [session] };
    for await (const _ of watch(client, { start: { case: "now", value: true }, filter }, canceled.signal));
  })();
  setTimeout(() => canceled.abort(), 50);
  const late = { releaseId: release, bookings: bookings("late", MANY) };
  return [await refused(waiting), await refused(client.sessions.batchCreateSessions(late, { timeoutMs: 1 }))];
}

async function main(): Promise<void> {
  say(1, `health: ${Serving[(await client.health.check({})).status]}`);

  const release = await catalogue();
  say(2, `catalogue: a form of two questions, and the release ${JSON.stringify(release.name)}`);

  const batch = await client.sessions.batchCreateSessions({ releaseId: release.id, bookings: bookings("b", MANY) });
  say(3, `batch: ${batch.sessions.length} sessions booked in one call`);

  let listed = 0;
  const filter = { releaseIds: [release.id] };
  for await (const _ of listSessions(client, { pageSize: 1000, filter })) listed++;
  say(4, `pages: ${listed} sessions listed`);

  const before = await sequenceNow();
  const session = await life(batch.sessions[0].id, batch.sessions[0].keycode);
  const [booked] = (await client.sessions.listSessionEvents({ session: byId(session.id) })).events;
  if (booked.actor !== "Zoë") throw new Error(`the actor was ${booked.actor}`);
  say(5, `a life: ${State[session.state]} with ${session.points?.actual} of ${session.points?.max} points`);

  const refusal = await refused(client.lifecycle.pauseSession({ session: byId(session.id) }));
  say(6, `a refusal: ${ErrorReason[refusal.reason]}, ${JSON.stringify(refusal.facts)}`);

  const once = { releaseId: release.id, booking: bookings("once", 1)[0], requestId: newId() };
  const first = (await client.sessions.createSession(once)).session!;
  const second = (await client.sessions.createSession(once)).session!;
  say(7, `a replay: the same request gave the same session: ${first.id === second.id}`);

  const stale = await refused(client.lifecycle.createPackage({ session: byId(first.id), etag: "another" }));
  if (stale.reason !== ErrorReason.STALE_SESSION) throw stale;
  say(8, `compare and set: ${stale.message}`);

  say(9, `a watch, begun again in its middle: ${(await watched(before, session.id)).join(" ")}`);

  const chosen = { ...filter, states: [State.SCHEDULED_BUT_NOT_CREATED] };
  const accepted = await client.lifecycle.batchTransitionSessions({
    action: Action.CREATE_PACKAGE,
    sessions: { case: "filter", value: chosen },
  });
  const ended = await waitFor(client, accepted.operation!);
  if (ended.result.case !== "response") throw new Error("the operation failed");
  const result = anyUnpack(ended.result.value, OperationResultSchema)!;
  say(11, `an operation: ${result.succeededCount} packages were created, ${result.failedCount} were not`);

  const [canceled, late] = await givenUp(session.id, release.id);
  if (late.code !== Code.DeadlineExceeded || canceled.code !== Code.Canceled) throw late;
  say(12, `a deadline: ${Code[late.code]}; a cancel: ${Code[canceled.code]}`);
}

main().then(
  () => (document.title = "done"),
  (error) => {
    say(0, String(error?.stack ?? error));
    document.title = "failed";
  },
);
