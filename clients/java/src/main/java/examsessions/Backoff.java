package examsessions;

import io.grpc.*;
import io.grpc.stub.BlockingClientCall;

/** How long a stream waits before it is begun again: longer each time, and at least as long as the service says. */
final class Backoff {
    /** How often in a row a stream is begun without bringing anything. */
    private static final int TRIES = 8;

    private int failures;

    /** Reads from a stream that the service does not end. */
    <R> R read(BlockingClientCall<?, R> call) throws InterruptedException, StatusException {
        R piece = call.read();
        if (piece == null) {
            throw Status.UNAVAILABLE.withDescription("the stream ended").asException();
        }
        failures = 0;
        return piece;
    }

    /**
     * Waits.
     *
     * @throws StatusRuntimeException what ended the stream, where it will not pass, or the stream was begun too often
     */
    void pause(StatusException ended) {
        var refusal = Refusal.of(ended);
        if (!refusal.isTransient() || failures == TRIES) {
            throw ended.getStatus().asRuntimeException(ended.getTrailers());
        }
        long wait = Math.max(Math.min(100L << failures++, 3_000), refusal.retryAfter().toMillis());
        try {
            Thread.sleep(wait);
        } catch (InterruptedException interrupt) {
            throw interrupted(interrupt);
        }
    }

    /** As gRPC's blocking stubs end where their thread is interrupted. */
    static StatusRuntimeException interrupted(InterruptedException interrupt) {
        Thread.currentThread().interrupt();
        return Status.CANCELLED.withDescription("Thread interrupted").withCause(interrupt).asRuntimeException();
    }
}
