/** Why the service did not do what it was asked. */

import { status as Code, type ServiceError } from "@grpc/grpc-js";

import { ErrorReason } from "../gen/exam_sessions/v1/error_reason.js";
import { BadRequest, ErrorInfo, RetryInfo } from "../gen/google/rpc/error_details.js";
import { Status } from "../gen/google/rpc/status.js";

export class Refusal extends Error {
  constructor(
    readonly code: Code,
    message: string,
    /** UNSPECIFIED where the service did not answer itself: no connection, a deadline, a proxy. */
    readonly reason: ErrorReason,
    /** The facts of the reason, by name. */
    readonly facts: Readonly<Record<string, string>>,
    /** Milliseconds after which the same call may succeed; 0 where that is not said. */
    readonly retryAfter: number,
    /** What is wrong, by the path of the field, where the request itself was. */
    readonly fields: Readonly<Record<string, string>>,
  ) {
    super(reason === ErrorReason.UNSPECIFIED ? `${Code[code]}: ${message}` : `${ErrorReason[reason]}: ${message}`);
    this.name = "Refusal";
  }

  /** Whether the same call may succeed a little later. */
  get passes(): boolean {
    return [Code.UNAVAILABLE, Code.ABORTED, Code.RESOURCE_EXHAUSTED].includes(this.code);
  }

  /** Reads a status, such as that of a chunk of an import or of a row of an operation. */
  static ofStatus(status: Status): Refusal {
    let reason = ErrorReason.UNSPECIFIED;
    let retryAfter = 0;
    let facts: Record<string, string> = {};
    const fields: Record<string, string> = {};
    for (const detail of status.details) {
      const kind = detail.typeUrl.slice(detail.typeUrl.lastIndexOf("/") + 1);
      if (kind === "google.rpc.ErrorInfo") {
        const info = ErrorInfo.decode(detail.value);
        reason = ErrorReason[info.reason as keyof typeof ErrorReason] ?? ErrorReason.UNRECOGNIZED;
        facts = info.metadata;
      } else if (kind === "google.rpc.RetryInfo") {
        const delay = RetryInfo.decode(detail.value).retryDelay;
        retryAfter = delay ? Number(delay.seconds) * 1000 + delay.nanos / 1e6 : 0;
      } else if (kind === "google.rpc.BadRequest") {
        for (const one of BadRequest.decode(detail.value).fieldViolations) fields[one.field] = one.description;
      }
    }
    return new Refusal(status.code, status.message, reason, facts, retryAfter, fields);
  }

  /** The refusal that an error of gRPC stands for. */
  static of(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    const { code, details, metadata, message } = error as ServiceError;
    if (code === undefined) throw error;
    const packed = metadata?.get("grpc-status-details-bin")[0];
    if (packed instanceof Buffer) return Refusal.ofStatus(Status.decode(packed));
    return new Refusal(code, details || message, ErrorReason.UNSPECIFIED, {}, 0, {});
  }
}
