package examsessions

import (
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "exam-sessions/clients/go/examsessionsv1"
)

// Refusal is why the service did not do what it was asked.
type Refusal struct {
	Code codes.Code
	// Reason is UNSPECIFIED where the service did not answer itself: no connection, a deadline, a proxy.
	Reason pb.ErrorReason
	// Facts are those of the reason, by name.
	Facts map[string]string
	// RetryAfter is how long to wait before the same call may succeed; 0 where that is not said.
	RetryAfter time.Duration
	// Fields holds what is wrong, by the path of the field, where the request itself was.
	Fields map[string]string

	status *status.Status
}

func (r *Refusal) Error() string {
	if r.Reason == pb.ErrorReason_ERROR_REASON_UNSPECIFIED {
		return fmt.Sprintf("%s: %s", r.Code, r.status.Message())
	}
	return fmt.Sprintf("%s: %s", pb.ErrorReason_name[int32(r.Reason)], r.status.Message())
}

// GRPCStatus lets status.FromError and status.Code read a refusal.
func (r *Refusal) GRPCStatus() *status.Status { return r.status }

// IsRefusal tells whether an error is a refusal for this reason.
func IsRefusal(err error, reason pb.ErrorReason) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Reason == reason
}

// RefusalOf reads a status, such as that of a chunk of an import or a row of an operation.
func RefusalOf(s *status.Status) *Refusal {
	refusal := &Refusal{Code: s.Code(), status: s}
	for _, detail := range s.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			refusal.Reason = pb.ErrorReason(pb.ErrorReason_value["ERROR_REASON_"+detail.Reason])
			refusal.Facts = detail.Metadata
		case *errdetails.RetryInfo:
			refusal.RetryAfter = detail.RetryDelay.AsDuration()
		case *errdetails.BadRequest:
			refusal.Fields = map[string]string{}
			for _, field := range detail.FieldViolations {
				refusal.Fields[field.Field] = field.Description
			}
		}
	}
	return refusal
}

func asRefusal(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return RefusalOf(status.Convert(err))
}
