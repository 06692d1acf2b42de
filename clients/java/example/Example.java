package examsessions;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import examsessions.v1.*;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** Twelve steps that every client of the service goes through, against a server at 127.0.0.1:50051 or the address given. */
public final class Example {
    private static final int MANY = 10_000;

    private final ExamSessionsClient client;

    private Example(ExamSessionsClient client) {
        this.client = client;
    }

    public static void main(String[] arguments) throws Exception {
        var builder = ExamSessionsClient.builder(arguments.length > 0 ? arguments[0] : "127.0.0.1:50051").actor("example");
        var token = System.getenv("EXAM_SESSIONS_TOKEN");
        if (token != null) {
            builder.token(() -> token);
        }
        var ca = System.getenv("EXAM_SESSIONS_CA");
        if (ca != null) {
            builder.ca(Path.of(ca));
        }
        try (var client = builder.build()) {
            new Example(client).run();
        }
    }

    private void run() throws InvalidProtocolBufferException {
        var health = client.health.check(HealthCheckRequest.getDefaultInstance());
        say(1, "health: %s", health.getStatus());

        var release = catalogue();
        say(2, "catalogue: a form of two questions, and the release \"%s\"", release.getName());

        var batch = client.sessions.batchCreateSessions(BatchCreateSessionsRequest.newBuilder()
                .setReleaseId(release.getId())
                .addAllBookings(bookings("b", MANY))
                .build());
        say(3, "batch: %d sessions booked in one call", batch.getSessionsCount());

        var ofRelease = SessionFilter.newBuilder().addReleaseIds(release.getId()).build();
        var list = ListSessionsRequest.newBuilder().setPageSize(1000).setFilter(ofRelease).build();
        say(4, "pages: %d sessions listed", client.listSessions(list).mapToInt(listed -> 1).sum());

        var before = sequenceNow();
        var session = life(batch.getSessions(0));
        var points = session.getPoints();
        say(5, "a life: %s with %s of %s points", session.getState(), points.getActual(), points.getMax());

        var refusal = refused(() -> client.lifecycle.pauseSession(
                PauseSessionRequest.newBuilder().setSessionId(session.getId()).build()));
        say(6, "a refusal: %s, %s", refusal.reason(), refusal.facts());

        var asked = CreateSessionRequest.newBuilder()
                .setReleaseId(release.getId())
                .setBooking(bookings("once", 1).get(0))
                .setRequestId(ExamSessionsClient.newId())
                .build();
        var first = client.sessions.createSession(asked).getSession();
        var second = client.sessions.createSession(asked).getSession();
        say(7, "a replay: the same request gave the same session: %s", first.getId().equals(second.getId()));

        var stale = refused(() -> client.lifecycle.createPackage(
                CreatePackageRequest.newBuilder().setSessionId(first.getId()).setEtag("another").build()));
        require(stale.reason() == ErrorReason.ERROR_REASON_STALE_SESSION, "an etag of somewhere else was taken");
        say(8, "compare and set: %s", stale);

        say(9, "a watch, begun again in its middle: %s", watched(before, session.getId()));

        var booked = new AtomicLong();
        client.importSessions(release.getId(), chunks(3, 500), answer -> booked.addAndGet(answer.getSessionsCount()));
        say(10, "an import: %d sessions in 3 chunks", booked.get());

        var notCreated = ofRelease.toBuilder().addStates(State.STATE_SCHEDULED_BUT_NOT_CREATED);
        var accepted = client.lifecycle.batchTransitionSessions(BatchTransitionSessionsRequest.newBuilder()
                .setAction(Action.ACTION_CREATE_PACKAGE)
                .setFilter(notCreated)
                .build());
        var ended = client.waitFor(accepted.getOperation());
        var result = ended.getResponse().unpack(OperationResult.class);
        say(11, "an operation: %d packages were created, %d were not", result.getSucceededCount(), result.getFailedCount());

        var late = deadline(release.getId());
        var gone = cancelled(session.getId());
        require(late == Status.Code.DEADLINE_EXCEEDED && gone == Status.Code.CANCELLED, late + ", " + gone);
        say(12, "a deadline: %s; a cancel: %s", late, gone);
    }

    private Release catalogue() {
        var closed = Question.newBuilder().setNumber("1").addKeys("0");
        closed.addOptionsBuilder().setLabel("A");
        closed.addOptionsBuilder().setLabel("B");
        var form = TestForm.newBuilder()
                .setReference("java-" + ExamSessionsClient.newId())
                .addQuestions(closed)
                .addQuestions(Question.newBuilder().setNumber("2").setAvailableMark("4"));
        var created = client.catalog.createTestForm(CreateTestFormRequest.newBuilder().setTestForm(form).build());
        var now = System.currentTimeMillis();
        var hour = TimeUnit.HOURS.toMillis(1);
        var release = Release.newBuilder()
                .setName("Java " + ExamSessionsClient.newId())
                .setTestForm(created.getTestForm().getReference())
                .setWindowStart(Timestamps.fromMillis(now - hour))
                .setWindowEnd(Timestamps.fromMillis(now + hour))
                .setDuration(Durations.fromMinutes(30));
        return client.catalog
                .createRelease(CreateReleaseRequest.newBuilder().setRelease(release).build())
                .getRelease();
    }

    /** Takes a session from its booking to its marks. */
    private Session life(BookedSession booked) {
        var id = booked.getId();
        var calls = client.lifecycle;
        var marking = client.marking;
        calls.createPackage(CreatePackageRequest.newBuilder().setSessionId(id).build());
        calls.downloadSession(DownloadSessionRequest.newBuilder().setSessionId(id).build());
        calls.enterKeycode(EnterKeycodeRequest.newBuilder().setKeycode(booked.getKeycode()).build());
        var chosen = Response.newBuilder().addOptions(Choice.newBuilder().setLabel("A"));
        marking.setResponses(SetResponsesRequest.newBuilder()
                .setSessionId(id)
                .addResponses(response("1", chosen))
                .addResponses(response("2", Response.newBuilder().setText("Because.")))
                .build());
        calls.finishSession(FinishSessionRequest.newBuilder().setSessionId(id).build());
        marking.scoreResponse(
                ScoreResponseRequest.newBuilder().setSessionId(id).setQuestionNumber("2").setMark("3").build());
        marking.submitMarkedSession(SubmitMarkedSessionRequest.newBuilder().setSessionId(id).build());
        return client.sessions
                .getSession(GetSessionRequest.newBuilder().setSessionId(id).build())
                .getSession();
    }

    private static ItemResponse.Builder response(String question, Response.Builder response) {
        return ItemResponse.newBuilder()
                .addQuestions(QuestionResponse.newBuilder().setId(question).setResponse(response));
    }

    /** Where the events of the workspace have come to. */
    private long sequenceNow() {
        var request = WatchSessionsRequest.newBuilder().setNow(true).setHeartbeatInterval(Durations.fromMillis(100));
        try (var watch = client.watch(request.build())) {
            long sequence = 0;
            while (sequence == 0 && watch.hasNext()) {
                sequence = watch.next().getSequence();
            }
            return sequence;
        }
    }

    /** What happened to a session: two events, and the others by a watch that begins behind them. */
    private List<Action> watched(long sequence, String session) {
        var actions = new ArrayList<Action>();
        var last = sequence;
        while (actions.size() < 7) {
            var request = WatchSessionsRequest.newBuilder()
                    .setStartSequence(last + 1)
                    .setFilter(WatchFilter.newBuilder().addSessionIds(session));
            try (var watch = client.watch(request.build())) {
                do {
                    for (var event : watch.next().getEventsList()) {
                        require(event.getSequence() > last, "an event came twice");
                        last = event.getSequence();
                        actions.add(event.getAction());
                    }
                } while (actions.size() < 2);
            }
        }
        return actions;
    }

    /** How a call ends that has a millisecond for the work of many. */
    private Status.Code deadline(String release) {
        var rows = BatchCreateSessionsRequest.newBuilder().setReleaseId(release).addAllBookings(bookings("late", MANY));
        var brief = client.sessions.withDeadlineAfter(1, TimeUnit.MILLISECONDS);
        return refused(() -> brief.batchCreateSessions(rows.build())).code();
    }

    /** How a watch ends whose context is cancelled. */
    private Status.Code cancelled(String session) {
        var request = WatchSessionsRequest.newBuilder()
                .setNow(true)
                .setFilter(WatchFilter.newBuilder().addSessionIds(session));
        var clock = Executors.newSingleThreadScheduledExecutor();
        var context = Context.current().withDeadlineAfter(1, TimeUnit.HOURS, clock);
        clock.schedule(() -> context.cancel(null), 50, TimeUnit.MILLISECONDS);
        try (var watch = client.watch(request.build())) {
            return refused(() -> context.run(() -> watch.forEachRemaining(piece -> {}))).code();
        } finally {
            clock.shutdownNow();
        }
    }

    private static Refusal refused(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException error) {
            return Refusal.of(error);
        }
        throw new IllegalStateException("it was not refused");
    }

    private static List<Booking> bookings(String prefix, int count) {
        return IntStream.range(0, count)
                .mapToObj(n -> Candidate.newBuilder().setCandidateId(prefix + "-" + n))
                .map(candidate -> Booking.newBuilder().setCandidate(candidate).build())
                .toList();
    }

    private static List<List<Booking>> chunks(int count, int size) {
        return IntStream.range(0, count).mapToObj(n -> bookings("import-" + n, size)).toList();
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalStateException(otherwise);
        }
    }

    private static void say(int step, String format, Object... arguments) {
        System.out.printf("%2d  %s%n", step, String.format(format, arguments));
    }
}
