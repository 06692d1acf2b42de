package examsessions;

import examsessions.v1.*;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** The client beside a server that is killed, one that says nothing, and one that is measured; scripts run it. */
public final class Trial {
    /** Calls of the warm-up: until then the JVM is compiling. */
    private static final int WARM_UP = 12_000;

    private final ExamSessionsClient client;
    private int imported;
    private int created;
    private int seen;
    private int twice;

    private Trial(ExamSessionsClient client) {
        this.client = client;
    }

    public static void main(String[] arguments) throws Exception {
        try (var client = ExamSessionsClient.builder(arguments[1]).actor("trial").build()) {
            var trial = new Trial(client);
            var rest = List.of(arguments).subList(2, arguments.length);
            System.out.println(switch (arguments[0]) {
                case "restarts" -> trial.restarts(
                        rest.get(0), rest.stream().skip(1).mapToInt(Integer::parseInt).toArray());
                case "silent" -> trial.silent();
                default -> trial.calls(rest.get(0), Integer.parseInt(rest.get(1)), rest.subList(2, rest.size()));
            });
        }
    }

    /** Imports and books, and watches until all of it was seen; numbers: sequence, chunks, size of a chunk, calls. */
    private String restarts(String release, int... numbers) throws Exception {
        int chunks = numbers[1];
        int size = numbers[2];
        int calls = numbers[3];
        together(List.of(
                () -> importAll(release, chunks, size),
                () -> createAll(release, calls),
                () -> watchAll(release, numbers[0], chunks * size + calls)));
        return "imported %d created %d seen %d twice %d".formatted(imported, created, seen, twice);
    }

    private void importAll(String release, int chunks, int size) {
        Iterable<List<Booking>> rosters = () -> IntStream.range(0, chunks)
                .mapToObj(chunk -> IntStream.range(0, size)
                        .mapToObj(n -> booking("import-" + chunk + "-" + n))
                        .toList())
                .iterator();
        client.importSessions(release, rosters, answer -> {
            imported += answer.getSessionsCount();
            System.out.println("answered " + answer.getChunk());
        });
    }

    private void createAll(String release, int calls) {
        for (; created < calls; created++) {
            var booking = booking("call-" + created);
            client.sessions.createSession(
                    CreateSessionRequest.newBuilder().setReleaseId(release).setBooking(booking).build());
        }
    }

    private void watchAll(String release, long sequence, int rows) {
        var known = new HashSet<String>();
        var last = sequence;
        var request = WatchSessionsRequest.newBuilder()
                .setStartSequence(sequence + 1)
                .setFilter(WatchFilter.newBuilder().addReleaseIds(release));
        try (var watch = client.watch(request.build())) {
            while (known.size() < rows) {
                for (var event : watch.next().getEventsList()) {
                    seen++;
                    if (!known.add(event.getSessionId()) || event.getSequence() <= last) {
                        twice++;
                    }
                    last = event.getSequence();
                }
            }
        }
    }

    private String silent() {
        try {
            read("any");
        } catch (StatusRuntimeException error) {
            return error.getStatus().getCode().name();
        }
        return "OK";
    }

    /** Makes so many calls, one after another for each session, and says how long it took. */
    private String calls(String kind, int count, List<String> sessions) throws Exception {
        int pairs = count / 2 / sessions.size();
        round(kind, WARM_UP / 2 / sessions.size(), sessions);
        System.out.println("begin");
        var began = System.nanoTime();
        round(kind, pairs, sessions);
        return "made " + pairs * 2 * sessions.size() + " " + (System.nanoTime() - began) / 1e9;
    }

    private void round(String kind, int pairs, List<String> sessions) throws Exception {
        var callers = new ArrayList<Runnable>();
        for (var session : sessions) {
            callers.add(() -> {
                for (int n = 0; n < pairs; n++) {
                    if (kind.equals("reads")) {
                        read(session);
                        read(session);
                    } else {
                        client.lifecycle.pauseSession(
                                PauseSessionRequest.newBuilder().setSessionId(session).build());
                        client.lifecycle.resumeSession(
                                ResumeSessionRequest.newBuilder().setSessionId(session).build());
                    }
                }
            });
        }
        together(callers);
    }

    private void read(String session) {
        client.sessions.getSession(GetSessionRequest.newBuilder().setSessionId(session).build());
    }

    private static Booking booking(String candidate) {
        return Booking.newBuilder().setCandidate(Candidate.newBuilder().setCandidateId(candidate)).build();
    }

    /** Runs each in a thread of its own until all have ended, or throws what one failed with. */
    private static void together(List<Runnable> all) throws Exception {
        var threads = Executors.newCachedThreadPool(runnable -> {
            var thread = new Thread(runnable);
            thread.setDaemon(true);
            return thread;
        });
        var running = new ExecutorCompletionService<Object>(threads);
        all.forEach(one -> running.submit(one, null));
        for (var ignored : all) {
            running.take().get();
        }
        threads.shutdown();
    }
}
