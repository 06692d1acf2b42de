/** The client beside a server that is killed, one that says nothing, and one that is measured; scripts run it. */

import { status as Code } from "@grpc/grpc-js";

import { WatchFilter } from "../gen/exam_sessions/v1/session_service.js";
import { Client, importSessions, Refusal, watch } from "./client.js";
import type { Booking } from "./messages.js";

const [mode, target, ...rest] = process.argv.slice(2);
const client = new Client(target, { actor: "trial" });

function booking(candidateId: string): Partial<Booking> {
  return { candidate: { candidateId } } as Partial<Booking>;
}

function byId(value: string): { $case: "sessionId"; value: string } {
  return { $case: "sessionId", value };
}

/** Imports and books, and watches until all of it was seen. */
async function restarts(releaseId: string, numbers: number[]): Promise<string> {
  const [from, chunks, size, calls] = numbers;
  let [imported, created, seen, twice] = [0, 0, 0, 0];

  function* rosters(): Generator<Partial<Booking>[]> {
    for (let chunk = 0; chunk < chunks; chunk++) {
      yield Array.from({ length: size }, (_, n) => booking(`import-${chunk}-${n}`));
    }
  }
  const importing = importSessions(client, releaseId, rosters(), (answer) => {
    imported += answer.sessions.length;
    console.log(`answered ${answer.chunk}`);
  });

  async function create(): Promise<void> {
    for (let n = 0; n < calls; n++) {
      await client.sessions.createSession({ releaseId, booking: booking(`call-${n}`) as Booking });
      created++;
    }
  }

  async function follow(): Promise<void> {
    const known = new Set<string>();
    let last = BigInt(from);
    const start = { $case: "startSequence" as const, value: last + 1n };
    const filter = WatchFilter.fromPartial({ releaseIds: [releaseId] });
    for await (const piece of watch(client, { start, filter })) {
      for (const event of piece.events) {
        seen++;
        if (event.sequence <= last || known.has(event.sessionId)) twice++;
        last = event.sequence;
        known.add(event.sessionId);
      }
      if (known.size === chunks * size + calls) return;
    }
  }

  await Promise.all([importing, create(), follow()]);
  return `imported ${imported} created ${created} seen ${seen} twice ${twice}`;
}

/** Makes so many calls, one after another for each session, and says how long it took. */
async function calls(kind: string, count: number, ids: string[]): Promise<string> {
  const pairs = Math.floor(count / 2 / ids.length);
  async function caller(id: string, times: number): Promise<void> {
    const session = byId(id);
    for (let n = 0; n < times; n++) {
      if (kind === "reads") {
        await client.sessions.getSession({ session });
        await client.sessions.getSession({ session });
      } else {
        await client.lifecycle.pauseSession({ session });
        await client.lifecycle.resumeSession({ session });
      }
    }
  }
  const round = (times: number) => Promise.all(ids.map((id) => caller(id, times)));
  await round(Math.floor(pairs / 10) + 1);
  console.log("begin");
  const began = performance.now();
  await round(pairs);
  return `made ${pairs * 2 * ids.length} ${(performance.now() - began) / 1000}`;
}

async function silent(): Promise<string> {
  try {
    await client.sessions.getSession({ session: byId("any") });
  } catch (error) {
    return Code[Refusal.of(error).code];
  }
  return Code[Code.OK];
}

try {
  if (mode === "restarts") console.log(await restarts(rest[0], rest.slice(1).map(Number)));
  else if (mode === "silent") console.log(await silent());
  else console.log(await calls(rest[0], Number(rest[1]), rest.slice(2)));
} finally {
  client.close();
}
