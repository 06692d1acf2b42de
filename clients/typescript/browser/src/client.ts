/** A client of each service for pages, whose calls have a deadline, an actor, a request id and retries. */

import {
  type Client as ClientOf,
  Code,
  createClient,
  encodeBinaryHeader,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import type { DescService } from "@bufbuild/protobuf";

import { AccessService } from "../gen/exam_sessions/v1/access_service_pb.js";
import { CandidateService } from "../gen/exam_sessions/v1/candidate_service_pb.js";
import { CatalogService } from "../gen/exam_sessions/v1/catalog_service_pb.js";
import { LifecycleService } from "../gen/exam_sessions/v1/lifecycle_service_pb.js";
import { LockoutService } from "../gen/exam_sessions/v1/lockout_service_pb.js";
import { MarkingService } from "../gen/exam_sessions/v1/marking_service_pb.js";
import { SessionService } from "../gen/exam_sessions/v1/session_service_pb.js";
import { TemplateService } from "../gen/exam_sessions/v1/template_service_pb.js";
import { WorkspaceService } from "../gen/exam_sessions/v1/workspace_service_pb.js";
import { Operations } from "../gen/google/longrunning/operations_pb.js";
import { Health } from "../gen/grpc_health/v1/health_pb.js";
import { Refusal } from "./refusal.js";

export { Refusal } from "./refusal.js";
export * from "./streams.js";

/** Milliseconds that a call has which names no `timeoutMs`. */
export const DEFAULT_TIMEOUT = 30_000;

const TRIES = 5;

export interface Options {
  /** How calls travel. */
  protocol?: "grpc-web" | "connect";
  /** Filled into requests that name none; empty means "default". */
  workspace?: string;
  /** Recorded in the history, where the server lets this caller say for whom it acts. */
  actor?: string;
  /**
   * A token, or a function that is asked for the present one before each call. It is sent over TLS, and in the clear to this
   * machine only.
   */
  token?: string | (() => string | Promise<string>);
}

const services = {
  access: AccessService,
  candidates: CandidateService,
  catalog: CatalogService,
  health: Health,
  lifecycle: LifecycleService,
  lockouts: LockoutService,
  marking: MarkingService,
  operations: Operations,
  sessions: SessionService,
  templates: TemplateService,
  workspaces: WorkspaceService,
};

/** A client of each service; its calls fail with a Refusal. */
export type Client = { readonly [N in keyof typeof services]: ClientOf<(typeof services)[N]> };

/** Calls the service by way of the gateway at a URL. */
export function connect(url: string, options: Options = {}): Client {
  const { protocol, hostname } = new URL(url, location.href);
  if (options.token && protocol !== "https:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    throw new Error("a token is sent over TLS, and in the clear to this machine only");
  }
  const settings = { baseUrl: url, defaultTimeoutMs: DEFAULT_TIMEOUT, interceptors: [named(options), retried] };
  const transport =
    options.protocol === "connect"
      ? createConnectTransport({ ...settings, useBinaryFormat: true }) // servers read no JSON
      : createGrpcWebTransport(settings);
  const clients = Object.entries(services).map(([name, service]) => [name, refusing(service, transport)]);
  return Object.fromEntries(clients) as Client;
}

/** Says who calls, and fills in the workspace and a request id where a request has these fields and leaves them empty. */
function named(options: Options): Interceptor {
  const filled = <T extends object>(request: T): T => {
    const fields = request as Record<string, unknown>;
    if (fields.workspaceId === "" && options.workspace) fields.workspaceId = options.workspace;
    if (fields.requestId === "") fields.requestId = newId();
    return request;
  };
  return (next) => async (call) => {
    const token = typeof options.token === "function" ? await options.token() : options.token;
    if (token) call.header.set("authorization", `Bearer ${token}`);
    if (options.actor) call.header.set("x-actor-bin", encodeBinaryHeader(new TextEncoder().encode(options.actor)));
    if (!call.stream) return next({ ...call, message: filled(call.message) });
    const { message } = call;
    const all = async function* () {
      for await (const one of message) yield filled(one);
    };
    return next({ ...call, message: all() });
  };
}

/** Sends a call again, with the same request id, while no server is there for it. */
const retried: Interceptor = (next) => async (call) => {
  for (let failures = 0; ; failures++) {
    try {
      return await next(call);
    } catch (error) {
      const refusal = Refusal.of(error);
      if (refusal.code !== Code.Unavailable || call.stream || failures + 1 >= TRIES) throw error;
      await pause(failures, refusal);
    }
  }
};

/** A client of a service whose calls, and streams, fail with a Refusal. */
function refusing<S extends DescService>(service: S, transport: Transport): ClientOf<S> {
  const methods = createClient(service, transport) as Record<string, (...all: unknown[]) => unknown>;
  const refuse = (error: unknown): never => {
    throw Refusal.of(error);
  };
  const reading = async function* (stream: AsyncIterable<unknown>) {
    try {
      yield* stream;
    } catch (error) {
      refuse(error);
    }
  };
  const wrapped = Object.entries(methods).map(([name, method]) => {
    const call = (...all: unknown[]) => {
      const answer = method(...all);
      return answer instanceof Promise ? answer.catch(refuse) : reading(answer as AsyncIterable<unknown>);
    };
    return [name, call];
  });
  return Object.fromEntries(wrapped) as ClientOf<S>;
}

/** Waits before something is tried again: longer each time, and at least as long as the service says. */
export async function pause(failures: number, refusal?: Refusal): Promise<void> {
  const wait = Math.max(Math.min(100 * 2 ** failures, 3_000), refusal?.retryAfter ?? 0);
  await new Promise((go) => setTimeout(go, wait));
}

/** A UUID, for what a caller names itself. */
export function newId(): string {
  return crypto.randomUUID();
}
