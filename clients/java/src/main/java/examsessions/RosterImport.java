package examsessions;

import examsessions.v1.*;
import io.grpc.*;
import io.grpc.stub.BlockingClientCall;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** An import under way: what was sent and is not answered yet is sent again where the stream is begun again. */
final class RosterImport {
    /** How many chunks are sent before the first of them is answered. */
    private static final int CHUNKS_AT_ONCE = 4;

    private final SessionServiceGrpc.SessionServiceBlockingV2Stub sessions;
    private final Iterator<List<Booking>> chunks;
    private final Consumer<ImportSessionsResponse> answered;
    private final List<ImportSessionsRequest> waiting = new ArrayList<>();
    private final Backoff backoff = new Backoff();
    private final ImportSessionsRequest.Builder next;

    RosterImport(
            Channel channel, String releaseId, Iterator<List<Booking>> chunks, Consumer<ImportSessionsResponse> answered) {
        this.sessions = SessionServiceGrpc.newBlockingV2Stub(channel);
        this.next = ImportSessionsRequest.newBuilder().setReleaseId(releaseId).setImportId(ExamSessionsClient.newId());
        this.chunks = chunks;
        this.answered = answered;
    }

    void run() {
        while (chunks.hasNext() || !waiting.isEmpty()) {
            var call = sessions.importSessions();
            try {
                exchange(call);
            } catch (InterruptedException interrupt) {
                throw Backoff.interrupted(interrupt);
            } catch (StatusException ended) {
                backoff.pause(ended.getStatus().asRuntimeException(ended.getTrailers()));
            } finally {
                call.cancel("the import ended", null);
            }
        }
    }

    private void exchange(BlockingClientCall<ImportSessionsRequest, ImportSessionsResponse> call)
            throws InterruptedException, StatusException {
        int sent = 0;
        while (fill()) {
            while (sent < waiting.size() && write(call, waiting.get(sent), sent == 0)) {
                sent++;
            }
            var answer = Backoff.read(call);
            waiting.remove(0);
            sent--;
            backoff.reset();
            answered.accept(answer);
        }
        call.halfClose();
        call.read();
    }

    /**
     * Sends a chunk, or returns false where there is no room. Only the first may wait for room: a write does not see that
     * the stream has ended until the answers before the end are read.
     */
    private static boolean write(
            BlockingClientCall<ImportSessionsRequest, ?> call, ImportSessionsRequest chunk, boolean first)
            throws InterruptedException, StatusException {
        try {
            return first ? call.write(chunk) : call.write(chunk, 1, TimeUnit.MILLISECONDS);
        } catch (TimeoutException full) {
            return false;
        }
    }

    /** Takes the next chunks; false where none is left and all are answered. */
    private boolean fill() {
        while (waiting.size() < CHUNKS_AT_ONCE && chunks.hasNext()) {
            waiting.add(next.clearBookings().addAllBookings(chunks.next()).build());
            next.setChunk(next.getChunk() + 1);
        }
        return !waiting.isEmpty();
    }
}
