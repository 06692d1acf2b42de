/** The messages and enumerations that programs name most. */

export { Release } from "../gen/exam_sessions/v1/catalog.js";
export { ErrorReason } from "../gen/exam_sessions/v1/error_reason.js";
export { Action, Booking, Session, SessionEvent, State } from "../gen/exam_sessions/v1/session.js";
