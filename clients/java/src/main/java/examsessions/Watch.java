package examsessions;

import examsessions.v1.*;
import io.grpc.*;
import io.grpc.stub.BlockingClientCall;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * What happens, piece by piece. After an interruption it goes on by itself: behind the last sequence, or with a new snapshot
 * while the first was not complete or where the service does not reach that sequence any more. A consumer goes on behind
 * what it has acknowledged.
 *
 * <p>It ends when it is closed, which any thread may do, or with a StatusRuntimeException: a refusal that does not pass, or
 * CANCELLED where its thread is interrupted or the {@link io.grpc.Context} in which it is read is cancelled.
 */
public final class Watch implements Iterator<WatchSessionsResponse>, AutoCloseable {
    private final SessionServiceGrpc.SessionServiceBlockingV2Stub sessions;
    private final Backoff backoff = new Backoff();
    private WatchSessionsRequest request;
    private WatchSessionsResponse piece;
    private boolean resumed;
    private volatile BlockingClientCall<?, WatchSessionsResponse> call;
    private volatile boolean closed;

    Watch(Channel channel, WatchSessionsRequest request) {
        this.sessions = SessionServiceGrpc.newBlockingV2Stub(channel);
        this.request = request;
    }

    /** Waits for the next piece; false once the watch is closed. */
    @Override
    public boolean hasNext() {
        while (piece == null && open()) {
            try {
                piece = backoff.read(call);
                resumeBehind(piece);
            } catch (InterruptedException interrupt) {
                close();
                throw Backoff.interrupted(interrupt);
            } catch (StatusException ended) {
                call = null;
                beginAgain(ended);
            }
        }
        return piece != null;
    }

    @Override
    public WatchSessionsResponse next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the watch is closed");
        }
        var next = piece;
        piece = null;
        return next;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (call != null) {
            call.cancel("the watch is closed", null);
        }
    }

    private synchronized boolean open() {
        if (call == null && !closed) {
            call = sessions.watchSessions(request);
        }
        return !closed;
    }

    private void resumeBehind(WatchSessionsResponse piece) {
        var begins = request.getStartCase() == WatchSessionsRequest.StartCase.START_NOT_SET && !piece.getSnapshotComplete();
        if (!begins && !request.hasConsumer()) {
            request = request.toBuilder().setStartSequence(piece.getSequence() + 1).build();
            resumed = true;
        }
    }

    private void beginAgain(StatusException ended) {
        var reason = Refusal.of(ended).reason();
        if (reason == ErrorReason.ERROR_REASON_SEQUENCE_TOO_OLD
                || (resumed && reason == ErrorReason.ERROR_REASON_SEQUENCE_AHEAD)) { // a backup was restored
            request = request.toBuilder().clearStart().build();
        } else if (!closed) {
            backoff.pause(ended);
        }
    }
}
