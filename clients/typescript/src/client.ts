/** A stub for each service, whose calls have a deadline, an actor, a request id and retries. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import {
  type CallOptions,
  ChannelCredentials,
  type ClientUnaryCall,
  type ClientReadableStream,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
  makeGenericClientConstructor,
} from "@grpc/grpc-js";

import * as access from "../gen/exam_sessions/v1/access_service.js";
import * as candidates from "../gen/exam_sessions/v1/candidate_service.js";
import * as catalog from "../gen/exam_sessions/v1/catalog_service.js";
import * as lifecycle from "../gen/exam_sessions/v1/lifecycle_service.js";
import * as lockouts from "../gen/exam_sessions/v1/lockout_service.js";
import * as marking from "../gen/exam_sessions/v1/marking_service.js";
import * as sessions from "../gen/exam_sessions/v1/session_service.js";
import * as templates from "../gen/exam_sessions/v1/template_service.js";
import * as workspaces from "../gen/exam_sessions/v1/workspace_service.js";
import * as operations from "../gen/google/longrunning/operations.js";
import * as health from "../gen/grpc_health/v1/health.js";
import { Refusal } from "./refusal.js";

export { Refusal } from "./refusal.js";
export * from "./streams.js";

/** Milliseconds that a call has which names no deadline. */
export const DEFAULT_TIMEOUT = 30_000;

/** How often an idle connection is probed, and how long the answer may take; the server allows one ping in a second. */
const PING = 10_000;

/** The largest request of the server. gRPC keeps a request for its retries up to this size. */
const REQUEST_BYTES = 16 * 1024 * 1024;

export interface Options {
  /** Filled into requests that name none; empty means "default". */
  workspace?: string;
  /** Recorded in the history, where the server lets this caller say for whom it acts. */
  actor?: string;
  /** An API key or a JWT. It is sent over TLS, and in the clear to this machine only. */
  token?: string;
  /** TLS is used where it is true or one of the files is given. */
  tls?: boolean;
  /** PEM files: the server's CA, a client certificate and its key. */
  ca?: string;
  cert?: string;
  key?: string;
}

type Partly<T> = T extends { $case: string }
  ? T
  : T extends Buffer | Uint8Array | Date | bigint | string | number | boolean | undefined
    ? T
    : T extends (infer E)[]
      ? Partly<E>[]
      : { [K in keyof T]?: Partly<T[K]> };

/** The methods of a stub that take one message and answer with one, as promises; requests may leave fields out. */
export type Calls<S> = {
  [M in keyof S as S[M] extends (...a: never[]) => ClientUnaryCall ? M : never]: S[M] extends (
    request: infer Q,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: infer R) => void,
  ) => ClientUnaryCall
    ? (request: Partly<Q>, options?: CallOptions) => Promise<R>
    : never;
};

type Generated = Record<string, unknown>;

export class Client {
  readonly access: Calls<access.AccessServiceClient>;
  readonly candidates: Calls<candidates.CandidateServiceClient>;
  readonly catalog: Calls<catalog.CatalogServiceClient>;
  readonly health: Calls<health.HealthClient>;
  readonly lifecycle: Calls<lifecycle.LifecycleServiceClient>;
  readonly lockouts: Calls<lockouts.LockoutServiceClient>;
  readonly marking: Calls<marking.MarkingServiceClient>;
  readonly operations: Calls<operations.OperationsClient>;
  readonly sessions: Calls<sessions.SessionServiceClient>;
  readonly templates: Calls<templates.TemplateServiceClient>;
  readonly workspaces: Calls<workspaces.WorkspaceServiceClient>;
  /** The stub with the streams; Watch and Import go on by themselves (streams.ts). */
  readonly streams: sessions.SessionServiceClient;

  readonly #options: Options;
  readonly #close: () => void;

  constructor(target: string, options: Options = {}) {
    this.#options = options;
    const config = readFileSync(new URL("../../service_config.json", import.meta.url), "utf8");
    const settings = {
      "grpc.service_config": config,
      "grpc.keepalive_time_ms": PING,
      "grpc.keepalive_timeout_ms": PING,
      "grpc.per_rpc_retry_buffer_size": REQUEST_BYTES,
      "grpc.retry_buffer_size": 4 * REQUEST_BYTES,
      // gRPC's own two minutes between two attempts to connect outlast every deadline.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 3_000,
      "grpc.max_receive_message_length": 4 * 1024 * 1024,
      // A proxy of the environment is not asked for this machine: it would be sent the token.
      ...(isLocal(target) ? { "grpc.enable_http_proxy": 0 } : {}),
    };
    const credentials = credentialsOf(target, options);
    this.streams = new sessions.SessionServiceClient(target, credentials, settings);
    const channelOverride = this.streams.getChannel();
    this.#close = () => this.streams.close();
    const stub = <S>(module: Generated, service: ServiceDefinition): Calls<S> => {
      const Stub = makeGenericClientConstructor(service, "");
      return this.#calls(module, service, new Stub(target, credentials, { ...settings, channelOverride })) as Calls<S>;
    };
    this.access = stub(access, access.AccessServiceService);
    this.candidates = stub(candidates, candidates.CandidateServiceService);
    this.catalog = stub(catalog, catalog.CatalogServiceService);
    this.health = stub(health, health.HealthService);
    this.lifecycle = stub(lifecycle, lifecycle.LifecycleServiceService);
    this.lockouts = stub(lockouts, lockouts.LockoutServiceService);
    this.marking = stub(marking, marking.MarkingServiceService);
    this.operations = stub(operations, operations.OperationsService);
    this.sessions = stub(sessions, sessions.SessionServiceService);
    this.templates = stub(templates, templates.TemplateServiceService);
    this.workspaces = stub(workspaces, workspaces.WorkspaceServiceService);
  }

  /** Ends the connection; calls under way fail. */
  close(): void {
    this.#close();
  }

  /** What is sent along with a call: who calls, and that it waits for the connection. */
  metadata(): Metadata {
    const metadata = new Metadata({ waitForReady: true });
    if (this.#options.actor) metadata.set("x-actor-bin", Buffer.from(this.#options.actor));
    if (this.#options.token) metadata.set("authorization", `Bearer ${this.#options.token}`);
    return metadata;
  }

  /** A request with the workspace and a request id, where it has these fields and leaves them empty. */
  filled<T>(request: T): T {
    const fields = request as Record<string, unknown>;
    if (fields.workspaceId === "" && this.#options.workspace) fields.workspaceId = this.#options.workspace;
    if (fields.requestId === "") fields.requestId = newId();
    return request;
  }

  #calls(module: Generated, service: ServiceDefinition, stub: unknown): unknown {
    const calls: Record<string, unknown> = {};
    for (const [name, definition] of Object.entries(service)) {
      if (definition.requestStream || definition.responseStream) continue;
      const kind = requestType(module, name);
      calls[name] = (partly: object, options: CallOptions = {}) => {
        const request = this.filled(kind.fromPartial(partly));
        const limited = { deadline: Date.now() + (name === "waitOperation" ? 90_000 : DEFAULT_TIMEOUT), ...options };
        return new Promise((resolve, reject) => {
          const settle = (error: ServiceError | null, reply: unknown) =>
            error ? reject(Refusal.of(error)) : resolve(reply);
          (stub as Record<string, (...all: unknown[]) => void>)[name](request, this.metadata(), limited, settle);
        });
      };
    }
    return calls;
  }
}

/** The type of the requests of a method: they are called as it is, but for those of gRPC's health. */
function requestType(module: Generated, method: string): { fromPartial(partly: object): object } {
  const name = method[0].toUpperCase() + method.slice(1);
  return (module[`${name}Request`] ?? module[`Health${name}Request`]) as { fromPartial(partly: object): object };
}

function isLocal(target: string): boolean {
  return /^(unix:.*|(localhost|127(\.\d+){3}|\[::1\]):\d+)$/.test(target);
}

function credentialsOf(target: string, options: Options): ChannelCredentials {
  if (!options.tls && !options.ca && !options.cert) {
    if (options.token && !isLocal(target)) {
      throw new Error("a token is sent over TLS, and in the clear to this machine only");
    }
    return ChannelCredentials.createInsecure();
  }
  const read = (path?: string) => (path ? readFileSync(path) : null);
  return ChannelCredentials.createSsl(read(options.ca), read(options.key), read(options.cert));
}

/** A UUID, for what a caller names itself. */
export function newId(): string {
  return randomUUID();
}

export type Readable<T> = ClientReadableStream<T>;
