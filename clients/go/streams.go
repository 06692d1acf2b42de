package examsessions

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "exam-sessions/clients/go/examsessionsv1"
)

// Tries is how often in a row a stream is begun without bringing anything.
const Tries = 8

// ChunksAtOnce is how many chunks of an import are sent before the first of them is answered.
const ChunksAtOnce = 4

// Pages goes through a list: next asks for the page of a token and returns its elements and the token of the next page.
func Pages[T any](next func(token string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token, first := "", true; first || token != ""; first = false {
			elements, following, err := next(token)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, element := range elements {
				if !yield(element, nil) {
					return
				}
			}
			token = following
		}
	}
}

// ListSessions goes through the sessions that a request matches, page by page.
func (c *Client) ListSessions(ctx context.Context, request *pb.ListSessionsRequest) iter.Seq2[*pb.Session, error] {
	request = proto.CloneOf(request)
	return Pages(func(token string) ([]*pb.Session, string, error) {
		request.PageToken = token
		reply, err := c.Sessions.ListSessions(ctx, request)
		return reply.GetSessions(), reply.GetNextPageToken(), err
	})
}

// Watch goes through what happens, and goes on by itself after an interruption: behind the last sequence, or with a new
// snapshot while the first was not complete, or where the service no longer reaches back so far. It ends with the context,
// with a refusal that does not pass, or with the loop. A consumer goes on behind what it has acknowledged.
func (c *Client) Watch(
	ctx context.Context, request *pb.WatchSessionsRequest,
) iter.Seq2[*pb.WatchSessionsResponse, error] {
	return func(yield func(*pb.WatchSessionsResponse, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		next := proto.CloneOf(request)
		for failures := 0; ; failures++ {
			stream, err := c.Sessions.WatchSessions(ctx, next)
			for err == nil {
				var piece *pb.WatchSessionsResponse
				if piece, err = stream.Recv(); err != nil {
					break
				}
				failures = 0
				if !yield(piece, nil) {
					return
				}
				_, consumes := next.Start.(*pb.WatchSessionsRequest_Consumer)
				if !consumes && (next.Start != nil || piece.SnapshotComplete) {
					next.Start = &pb.WatchSessionsRequest_StartSequence{StartSequence: piece.Sequence + 1}
				}
			}
			if IsRefusal(err, pb.ErrorReason_ERROR_REASON_SEQUENCE_TOO_OLD) {
				next.Start = nil
			} else if err = pause(ctx, failures, err); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// Import books a roster of any length: each element of chunks is one transaction, and answered is told what became of each.
// After an interruption the import is begun again with the same id, and what was not answered is sent again; nothing is
// booked twice. A refused chunk has its refusal in the answer (RefusalOf), and the import goes on.
func (c *Client) Import(
	ctx context.Context, releaseID string, chunks iter.Seq[[]*pb.Booking], answered func(*pb.ImportSessionsResponse) error,
) error {
	importID, number := NewID(), int64(0)
	next, stop := iter.Pull(chunks)
	defer stop()
	var waiting []*pb.ImportSessionsRequest
	more := true
	for failures := 0; more || len(waiting) > 0; failures++ {
		err := func() error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := c.Sessions.ImportSessions(ctx)
			if err != nil {
				return err
			}
			for _, chunk := range waiting {
				if err := stream.Send(chunk); err != nil && !errors.Is(err, io.EOF) {
					return err
				}
			}
			for {
				for more && len(waiting) < ChunksAtOnce {
					var bookings []*pb.Booking
					if bookings, more = next(); !more {
						break
					}
					chunk := &pb.ImportSessionsRequest{
						ReleaseId: releaseID, ImportId: importID, Chunk: number, Bookings: bookings,
					}
					waiting, number = append(waiting, chunk), number+1
					if err := stream.Send(chunk); err != nil && !errors.Is(err, io.EOF) {
						return err
					}
				}
				if len(waiting) == 0 {
					return stream.CloseSend()
				}
				answer, err := stream.Recv()
				if err != nil {
					return err
				}
				waiting, failures = waiting[1:], 0
				if err := answered(answer); err != nil {
					return &stopped{err}
				}
			}
		}()
		var own *stopped
		if errors.As(err, &own) {
			return own.error
		}
		if err != nil {
			if err := pause(ctx, failures, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// stopped is an error of the caller's own, which ends an import.
type stopped struct{ error }

// Wait waits until an operation has ended, and returns it; its error is in the operation. The context says how long.
func (c *Client) Wait(ctx context.Context, operation *longrunningpb.Operation) (*longrunningpb.Operation, error) {
	for !operation.Done {
		asked := &longrunningpb.WaitOperationRequest{Name: operation.Name, Timeout: durationpb.New(30 * time.Second)}
		later, err := c.Operations.WaitOperation(ctx, asked)
		if err != nil {
			return operation, err
		}
		operation = later
	}
	return operation, nil
}

// passes tells whether the same call may succeed a little later.
func passes(err error) bool {
	passing := []codes.Code{codes.Unavailable, codes.Aborted, codes.ResourceExhausted}
	return errors.Is(err, io.EOF) || slices.Contains(passing, status.Code(err))
}

// pause waits before a stream is begun again: longer each time, and at least as long as the service says. It returns what
// ended the stream, where that does not pass, and an error, where the stream was begun too often or the context has ended.
func pause(ctx context.Context, failures int, err error) error {
	if ctx.Err() != nil || !passes(err) {
		return err
	}
	if failures >= Tries {
		return errors.Join(ErrNoProgress, err)
	}
	wait := min(100*time.Millisecond<<failures, 3*time.Second)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		wait = max(wait, refusal.RetryAfter)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}
