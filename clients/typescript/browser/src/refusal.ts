/** Why the service did not do what it was asked. */

import { Code, ConnectError } from "@connectrpc/connect";

import { ErrorReason } from "../gen/exam_sessions/v1/error_reason_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.js";

export class Refusal extends Error {
  constructor(
    readonly code: Code,
    message: string,
    /** UNSPECIFIED where the service did not answer itself: no connection, a deadline, the gateway. */
    readonly reason: ErrorReason,
    /** The facts of the reason, by name. */
    readonly facts: Readonly<Record<string, string>>,
    /** Milliseconds after which the same call may succeed; 0 where that is not said. */
    readonly retryAfter: number,
    /** What is wrong, by the path of the field, where the request itself was. */
    readonly fields: Readonly<Record<string, string>>,
  ) {
    super(`${reason === ErrorReason.UNSPECIFIED ? Code[code] : ErrorReason[reason]}: ${message}`);
    this.name = "Refusal";
  }

  /** Whether the same call may succeed a little later. */
  get passes(): boolean {
    return [Code.Unavailable, Code.Aborted, Code.ResourceExhausted].includes(this.code);
  }

  /** The refusal that an error of Connect stands for. */
  static of(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    const error = ConnectError.from(thrown);
    // Envoy's bridge for Connect leaves the prefix of Any before the names of types.
    error.details = error.details.map((one) => ("type" in one ? { ...one, type: one.type.replace(/^.*\//, "") } : one));
    const [info] = error.findDetails(ErrorInfoSchema);
    const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
    const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
    // What fetch throws where nobody answers.
    const code = error.cause instanceof TypeError ? Code.Unavailable : error.code;
    return new Refusal(
      code,
      error.rawMessage,
      ErrorReason[info?.reason as keyof typeof ErrorReason] ?? ErrorReason.UNSPECIFIED,
      info?.metadata ?? {},
      delay ? Number(delay.seconds) * 1000 + delay.nanos / 1e6 : 0,
      Object.fromEntries(violations.map((one) => [one.field, one.description])),
    );
  }
}
