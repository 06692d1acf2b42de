package examsessions;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.longrunning.*;
import examsessions.v1.*;
import io.grpc.*;
import java.io.IOException;
import java.nio.file.Path;
import java.util.*;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.*;
import java.util.stream.Stream;

/**
 * Calls the exam session service: every call has a deadline, an actor and, if it changes something, a request id, so that
 * gRPC's retries do not do it twice. It connects with its first call, and is safe for use by many threads.
 *
 * <p>What fails, fails with a {@link io.grpc.StatusRuntimeException}; {@link Refusal#of} reads the service's reason of it.
 */
public final class ExamSessionsClient extends Stubs implements AutoCloseable {
    /** How often an idle connection is probed, and how long the answer may take; the server allows one ping in a second. */
    private static final int PING_S = 10;
    /** Seconds that pass at most between two attempts to connect: gRPC's own two minutes outlast every deadline. */
    private static final int RECONNECT_S = 3;
    /** The largest request of the server. gRPC keeps a request for its retries up to this size. */
    private static final int REQUEST_BYTES = 16 << 20;

    private final ManagedChannel connection;

    private ExamSessionsClient(ManagedChannel connection, CallDefaults defaults) {
        super(ClientInterceptors.intercept(connection, defaults));
        this.connection = connection;
        reconnectSoon();
    }

    /** A client of the server at target, such as "exams.example.org:443". */
    public static Builder builder(String target) {
        return new Builder(target);
    }

    /** The elements of a list: next asks for the page of a token, the first at once, others as the stream is read. */
    public static <R, T> Stream<T> pages(
            Function<String, R> next, Function<R, List<T>> elements, Function<R, String> nextToken) {
        Function<R, R> following = page -> {
            var token = nextToken.apply(page);
            return token.isEmpty() ? null : next.apply(token);
        };
        return Stream.iterate(next.apply(""), Objects::nonNull, following::apply)
                .flatMap(page -> elements.apply(page).stream());
    }

    /** The sessions that a request matches, read page by page. */
    public Stream<Session> listSessions(ListSessionsRequest request) {
        return pages(
                token -> sessions.listSessions(request.toBuilder().setPageToken(token).build()),
                ListSessionsResponse::getSessionsList,
                ListSessionsResponse::getNextPageToken);
    }

    /** What happens, for as long as it is read; it goes on by itself after interruptions. */
    public Watch watch(WatchSessionsRequest request) {
        return new Watch(channel(), request);
    }

    /**
     * Books a roster of any length: each of the chunks is one transaction, and what became of it is handed to answered. After
     * an interruption the import is begun again with the same id, and what was not answered is sent again; nothing is booked
     * twice. A refused chunk has its refusal in the answer ({@link Refusal#of(com.google.rpc.Status)}), and the import goes on.
     */
    public void importSessions(
            String releaseId, Iterable<List<Booking>> chunks, Consumer<ImportSessionsResponse> answered) {
        var first = ImportSessionsRequest.newBuilder().setReleaseId(releaseId).setImportId(newId());
        RosterImport.run(SessionServiceGrpc.newBlockingV2Stub(channel()), first, chunks.iterator(), answered);
    }

    /** Waits until an operation has ended, and returns it; its error is in the operation. */
    public Operation waitFor(Operation operation) {
        var found = operation;
        while (!found.getDone()) {
            var request = WaitOperationRequest.newBuilder().setName(operation.getName());
            request.getTimeoutBuilder().setSeconds(30);
            found = operations.waitOperation(request.build());
        }
        return found;
    }

    /** A UUID of version 7, for what a caller names itself. */
    public static String newId() {
        var random = UUID.randomUUID();
        long timeAndVersion = System.currentTimeMillis() << 16 | 0x7000 | random.getMostSignificantBits() & 0x0fff;
        return new UUID(timeAndVersion, random.getLeastSignificantBits()).toString();
    }

    /** Ends the connection; calls under way fail. */
    @Override
    public void close() {
        connection.shutdownNow();
    }

    /** Ends the pause before the next attempt to connect, while there is no connection. */
    private void reconnectSoon() {
        var state = connection.getState(false);
        if (state == ConnectivityState.TRANSIENT_FAILURE) {
            CompletableFuture.delayedExecutor(RECONNECT_S, TimeUnit.SECONDS).execute(() -> {
                connection.resetConnectBackoff();
                reconnectSoon();
            });
        } else if (state != ConnectivityState.SHUTDOWN) {
            connection.notifyWhenStateChanged(state, this::reconnectSoon);
        }
    }

    private static Map<String, ?> serviceConfig() throws IOException {
        try (var in = ExamSessionsClient.class.getResourceAsStream("/service_config.json")) {
            // gRPC for Java calls a connection UNKNOWN that breaks while a request is sent.
            var text = new String(in.readAllBytes(), UTF_8).replace("\"UNAVAILABLE\"", "\"UNAVAILABLE\", \"UNKNOWN\"");
            return new Gson().<Map<String, ?>>fromJson(text, Map.class);
        }
    }

    /** Which server is called, and as whom. */
    public static final class Builder {
        private final String target;
        private String workspace = "";
        private String actor = "";
        private Supplier<String> token;
        private TlsChannelCredentials.Builder tls;

        private Builder(String target) {
            this.target = target;
        }

        /** Filled into requests that name none; without it the server takes "default". */
        public Builder workspace(String workspace) {
            this.workspace = workspace;
            return this;
        }

        /** Recorded in the history of what is changed, where the server lets this caller say for whom it acts. */
        public Builder actor(String actor) {
            this.actor = actor;
            return this;
        }

        /** Returns an API key or a JWT; it is asked with each call. It is sent over TLS, and in the clear to this machine only. */
        public Builder token(Supplier<String> token) {
            this.token = token;
            return this;
        }

        /** TLS, with the CAs that Java trusts; the files below ask for it, too. */
        public Builder tls() {
            tls = tls == null ? TlsChannelCredentials.newBuilder() : tls;
            return this;
        }

        /** The CA of the server, a PEM file, which is read at once. */
        public Builder ca(Path ca) throws IOException {
            tls().tls.trustManager(ca.toFile());
            return this;
        }

        /** A client certificate and its key (PKCS #8), PEM files, which are read at once. */
        public Builder certificate(Path cert, Path key) throws IOException {
            tls().tls.keyManager(cert.toFile(), key.toFile());
            return this;
        }

        /**
         * The client.
         *
         * @throws IllegalArgumentException a token would be sent to another machine without TLS, or a file holds something else
         */
        public ExamSessionsClient build() throws IOException {
            if (tls == null && token != null && !target.matches("(localhost|127(\\.\\d+){3}|\\[::1\\]):\\d+|unix:.*")) {
                throw new IllegalArgumentException("a token is not sent to " + target + " without TLS");
            }
            var credentials = tls == null ? InsecureChannelCredentials.create() : tls.build();
            var connection = Grpc.newChannelBuilder(target, credentials)
                    .defaultServiceConfig(serviceConfig())
                    .perRpcBufferLimit(REQUEST_BYTES)
                    .retryBufferSize(4L * REQUEST_BYTES)
                    .keepAliveTime(PING_S, TimeUnit.SECONDS)
                    .keepAliveTimeout(PING_S, TimeUnit.SECONDS)
                    .build();
            return new ExamSessionsClient(connection, new CallDefaults(workspace, actor, token));
        }
    }
}
