/** Lists page by page, watches and imports that go on by themselves, and waiting for operations. */

import { setTimeout as sleep } from "node:timers/promises";

import { ErrorReason } from "../gen/exam_sessions/v1/error_reason.js";
import type { Booking, Session } from "../gen/exam_sessions/v1/session.js";
import {
  ImportSessionsRequest,
  type ImportSessionsResponse,
  type ListSessionsRequest,
  WatchSessionsRequest,
  type WatchSessionsResponse,
} from "../gen/exam_sessions/v1/session_service.js";
import type { Operation } from "../gen/google/longrunning/operations.js";
import { type Client, newId } from "./client.js";
import { Refusal } from "./refusal.js";

/** How often in a row a stream is begun without bringing anything. */
export const TRIES = 8;

/** How many chunks of an import are sent before the first of them is answered. */
export const CHUNKS_AT_ONCE = 4;

/** Goes through a list: `next` asks for the page of a token. */
export async function* pages<T>(next: (token: string) => Promise<[T[], string]>): AsyncGenerator<T> {
  let token = "";
  do {
    const [elements, following] = await next(token);
    yield* elements;
    token = following;
  } while (token);
}

/** The sessions that a request matches. */
export function listSessions(client: Client, request: Partial<ListSessionsRequest>): AsyncGenerator<Session> {
  return pages(async (pageToken) => {
    const reply = await client.sessions.listSessions({ ...request, pageToken });
    return [reply.sessions, reply.nextPageToken];
  });
}

/**
 * What happens. After an interruption it goes on behind the last sequence, or with a new snapshot while the first was not
 * complete or where the service reaches back no longer. It ends with the signal, a refusal that does not pass, or the loop.
 */
export async function* watch(
  client: Client,
  request: Partial<WatchSessionsRequest> = {},
  signal?: AbortSignal,
): AsyncGenerator<WatchSessionsResponse> {
  const asked = client.filled(WatchSessionsRequest.fromPartial(request));
  for (let failures = 0; ; failures++) {
    const stream = client.streams.watchSessions(asked, client.metadata());
    const cancel = () => stream.cancel();
    signal?.addEventListener("abort", cancel);
    let refusal: Refusal | undefined;
    try {
      for await (const piece of stream as AsyncIterable<WatchSessionsResponse>) {
        failures = 0;
        yield piece;
        if (asked.start?.$case !== "consumer" && (asked.start || piece.snapshotComplete)) {
          asked.start = { $case: "startSequence", value: piece.sequence + 1n };
        }
      }
    } catch (error) {
      refusal = Refusal.of(error);
      if (refusal.reason === ErrorReason.SEQUENCE_TOO_OLD) asked.start = undefined;
      else if (signal?.aborted || !refusal.passes) throw refusal;
    } finally {
      signal?.removeEventListener("abort", cancel);
      stream.cancel();
    }
    await pause(failures, refusal);
  }
}

/**
 * Books a roster of any length, each element of `chunks` in one transaction; `answered` is told what became of each. After an
 * interruption the import is begun again with the same id, and what was not answered is sent again: nothing is booked twice.
 */
export async function importSessions(
  client: Client,
  releaseId: string,
  chunks: Iterable<Partial<Booking>[]>,
  answered: (answer: ImportSessionsResponse) => void,
): Promise<void> {
  const source = chunks[Symbol.iterator]();
  const importId = newId();
  let waiting: ImportSessionsRequest[] = [];
  let number = 0n;
  let more = true;
  for (let failures = 0; more || waiting.length > 0; failures++) {
    const stream = client.streams.importSessions(client.metadata());
    const send = (chunk: ImportSessionsRequest) => stream.write(chunk);
    const fill = () => {
      while (more && waiting.length < CHUNKS_AT_ONCE) {
        const next = source.next();
        if (next.done) {
          more = false;
          break;
        }
        const chunk = { releaseId, importId, chunk: number++, bookings: next.value };
        waiting.push(client.filled(ImportSessionsRequest.fromPartial(chunk as object)));
        send(waiting[waiting.length - 1]);
      }
      if (!more && waiting.length === 0) stream.end();
    };
    let refusal: Refusal | undefined;
    try {
      waiting.forEach(send);
      fill();
      for await (const answer of stream as AsyncIterable<ImportSessionsResponse>) {
        failures = 0;
        waiting.shift();
        answered(answer);
        fill();
      }
    } catch (error) {
      refusal = Refusal.of(error);
      if (!refusal.passes) throw refusal;
    } finally {
      stream.cancel();
    }
    if (more || waiting.length > 0) await pause(failures, refusal);
  }
}

/** Waits until an operation has ended; its error is in the operation. */
export async function waitFor(client: Client, operation: Operation): Promise<Operation> {
  let found = operation;
  while (!found.done) {
    found = await client.operations.waitOperation({ name: found.name, timeout: { seconds: 30n, nanos: 0 } });
  }
  return found;
}

/** Waits before a stream is begun again: longer each time, and at least as long as the service says. */
async function pause(failures: number, refusal?: Refusal): Promise<void> {
  if (failures >= TRIES) throw refusal ?? new Error("a stream was begun again and again and brought nothing");
  await sleep(Math.max(Math.min(100 * 2 ** failures, 3_000), refusal?.retryAfter ?? 0));
}
