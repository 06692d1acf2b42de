package examsessions;

import examsessions.v1.*;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** An import: what was sent and is not answered yet is sent again where the stream is begun again. */
final class RosterImport {
    /** How many chunks are sent before the first of them is answered. */
    private static final int CHUNKS_AT_ONCE = 4;

    private RosterImport() {}

    /**
     * Books what chunks has left.
     *
     * @param next the first message, but for its bookings
     * @param answered is handed what became of each chunk
     */
    static void run(
            SessionServiceGrpc.SessionServiceBlockingV2Stub sessions,
            ImportSessionsRequest.Builder next,
            Iterator<List<Booking>> chunks,
            Consumer<ImportSessionsResponse> answered) {
        var waiting = new ArrayList<ImportSessionsRequest>();
        var backoff = new Backoff();
        while (chunks.hasNext() || !waiting.isEmpty()) {
            var call = sessions.importSessions();
            try {
                for (int sent = 0; chunks.hasNext() || !waiting.isEmpty(); sent--) {
                    while (waiting.size() < CHUNKS_AT_ONCE && chunks.hasNext()) {
                        waiting.add(next.clearBookings().addAllBookings(chunks.next()).build());
                        next.setChunk(next.getChunk() + 1);
                    }
                    while (sent < waiting.size() && write(call, waiting.get(sent), sent == 0)) {
                        sent++;
                    }
                    var answer = backoff.read(call);
                    waiting.remove(0);
                    answered.accept(answer);
                }
                call.halfClose();
                call.read();
            } catch (InterruptedException interrupt) {
                throw Backoff.interrupted(interrupt);
            } catch (StatusException ended) {
                backoff.pause(ended);
            } finally {
                call.cancel("the import ended", null);
            }
        }
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
}
