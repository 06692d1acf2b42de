/** Lists page by page, a watch that goes on by itself, and waiting for operations. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { ErrorReason } from "../gen/exam_sessions/v1/error_reason_pb.js";
import type { Session } from "../gen/exam_sessions/v1/session_pb.js";
import {
  type ListSessionsRequestSchema,
  WatchSessionsRequestSchema,
  type WatchSessionsResponse,
} from "../gen/exam_sessions/v1/session_service_pb.js";
import type { Operation } from "../gen/google/longrunning/operations_pb.js";
import { type Client, pause } from "./client.js";
import { Refusal } from "./refusal.js";

/** How often in a row a watch is begun without bringing anything. */
const WATCHES = 8;

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
export function listSessions(
  client: Client,
  request: Exclude<MessageInitShape<typeof ListSessionsRequestSchema>, { $typeName: string }>,
): AsyncGenerator<Session> {
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
  request: MessageInitShape<typeof WatchSessionsRequestSchema> = {},
  signal?: AbortSignal,
): AsyncGenerator<WatchSessionsResponse> {
  const asked = create(WatchSessionsRequestSchema, request);
  for (let failures = 0; ; failures++) {
    let refusal: Refusal | undefined;
    try {
      for await (const piece of client.sessions.watchSessions(asked, { signal, timeoutMs: 0 })) {
        failures = 0;
        yield piece;
        if (asked.start.case !== "consumer" && (asked.start.case || piece.snapshotComplete)) {
          asked.start = { case: "startSequence", value: piece.sequence + 1n };
        }
      }
    } catch (error) {
      refusal = Refusal.of(error);
      if (refusal.reason === ErrorReason.SEQUENCE_TOO_OLD) asked.start = { case: undefined };
      else if (signal?.aborted || !refusal.passes) throw refusal;
    }
    if (failures >= WATCHES) throw refusal ?? new Error("a watch was begun again and again and brought nothing");
    await pause(failures, refusal);
  }
}

/** Waits until an operation has ended; its error is in the operation. */
export async function waitFor(client: Client, operation: Operation): Promise<Operation> {
  let found = operation;
  while (!found.done) {
    const asked = { name: found.name, timeout: { seconds: 30n } };
    found = await client.operations.waitOperation(asked, { timeoutMs: 90_000 });
  }
  return found;
}
