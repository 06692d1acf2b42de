package examsessions;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.*;
import examsessions.v1.ErrorReason;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.*;

/**
 * Why the service did not do what it was asked.
 *
 * @param code gRPC's code
 * @param reason UNSPECIFIED where the service did not answer itself: no connection, a deadline, a proxy; UNRECOGNIZED where
 *     it is one that these protos do not have yet
 * @param message a sentence for people
 * @param facts those of the reason, by name
 * @param retryAfter how long to wait before the same call may succeed; zero where that is not said
 * @param fields what is wrong, by the path of the field, where the request itself was
 */
public record Refusal(
        Status.Code code,
        ErrorReason reason,
        String message,
        Map<String, String> facts,
        Duration retryAfter,
        Map<String, String> fields) {

    /** Reads what a call failed with: a StatusRuntimeException, or a StatusException of a stub of another kind. */
    public static Refusal of(Exception error) {
        return of(StatusProto.fromThrowable(error));
    }

    /** Reads a status, such as that of a chunk of an import or of a row of an operation. */
    public static Refusal of(com.google.rpc.Status status) {
        var reason = ErrorReason.ERROR_REASON_UNSPECIFIED;
        var facts = Map.<String, String>of();
        var retryAfter = Duration.ZERO;
        var fields = new HashMap<String, String>();
        try {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    var info = detail.unpack(ErrorInfo.class);
                    reason = reasonOf(info.getReason());
                    facts = info.getMetadataMap();
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retryAfter = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
                } else if (detail.is(BadRequest.class)) {
                    for (var field : detail.unpack(BadRequest.class).getFieldViolationsList()) {
                        fields.put(field.getField(), field.getDescription());
                    }
                }
            }
        } catch (InvalidProtocolBufferException damaged) {
            throw new IllegalArgumentException("the details of the status cannot be read", damaged);
        }
        var code = Status.fromCodeValue(status.getCode()).getCode();
        return new Refusal(code, reason, status.getMessage(), facts, retryAfter, Map.copyOf(fields));
    }

    /** Whether the same call may succeed a little later. */
    public boolean isTransient() {
        // UNKNOWN is what gRPC for Java calls a connection that breaks while a request is sent.
        return Set.of(Status.Code.UNAVAILABLE, Status.Code.UNKNOWN, Status.Code.ABORTED, Status.Code.RESOURCE_EXHAUSTED)
                .contains(code);
    }

    @Override
    public String toString() {
        return (reason == ErrorReason.ERROR_REASON_UNSPECIFIED ? code : reason) + ": " + message;
    }

    private static ErrorReason reasonOf(String name) {
        var value = ErrorReason.getDescriptor().findValueByName("ERROR_REASON_" + name);
        return value == null ? ErrorReason.UNRECOGNIZED : ErrorReason.valueOf(value);
    }
}
