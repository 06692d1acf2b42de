package examsessions;

import static io.grpc.Metadata.ASCII_STRING_MARSHALLER;
import static io.grpc.Metadata.BINARY_BYTE_MARSHALLER;

import com.google.protobuf.Message;
import io.grpc.*;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * Adds to each call who calls, and to each request the workspace and a request id where it leaves them empty. The retries
 * of gRPC are below: they send the same request, with the same id.
 */
record CallDefaults(String workspace, String actor, Supplier<String> token) implements ClientInterceptor {
    private static final Metadata.Key<byte[]> ACTOR = Metadata.Key.of("x-actor-bin", BINARY_BYTE_MARSHALLER);
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", ASCII_STRING_MARSHALLER);

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel channel) {
        return new SimpleForwardingClientCall<>(channel.newCall(method, options)) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                if (!actor.isEmpty()) {
                    headers.put(ACTOR, actor.getBytes(StandardCharsets.UTF_8));
                }
                if (token != null) {
                    headers.put(AUTHORIZATION, "Bearer " + token.get());
                }
                super.start(listener, headers);
            }

            @Override
            @SuppressWarnings("unchecked") // a message that is built anew is of the same type
            public void sendMessage(Q request) {
                super.sendMessage(request instanceof Message message ? (Q) filled(message) : request);
            }
        };
    }

    private Message filled(Message request) {
        var filled = request.toBuilder();
        fill(filled, "workspace_id", () -> workspace);
        fill(filled, "request_id", ExamSessionsClient::newId);
        return filled.build();
    }

    private static void fill(Message.Builder request, String name, Supplier<String> value) {
        var field = request.getDescriptorForType().findFieldByName(name);
        if (field != null && "".equals(request.getField(field))) {
            request.setField(field, value.get());
        }
    }
}
