// Twelve steps that every client of the service goes through, against a server at 127.0.0.1:50051 or the address given.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	examsessions "exam-sessions/clients/go"
	pb "exam-sessions/clients/go/examsessionsv1"
)

const many = 10_000

func main() {
	log.SetFlags(0)
	target := "127.0.0.1:50051"
	if len(os.Args) > 1 {
		target = os.Args[1]
	}
	client, err := examsessions.New(target, examsessions.Options{
		Actor: "example", Token: os.Getenv("EXAM_SESSIONS_TOKEN"), CA: os.Getenv("EXAM_SESSIONS_CA"),
	})
	check(err)
	defer client.Close()
	ctx := context.Background()

	health, err := client.Health.Check(ctx, &healthpb.HealthCheckRequest{})
	check(err)
	say(1, "health: %s", health.Status)

	release := catalogue(ctx, client)
	say(2, "catalogue: a form of two questions, and the release %q", release.Name)

	batch, err := client.Sessions.BatchCreateSessions(ctx, &pb.BatchCreateSessionsRequest{
		ReleaseId: release.Id, Bookings: bookings("b", many),
	})
	check(err)
	say(3, "batch: %d sessions booked in one call", len(batch.Sessions))

	listed := 0
	for _, err := range client.ListSessions(ctx, &pb.ListSessionsRequest{
		PageSize: 1000, Filter: &pb.SessionFilter{ReleaseIds: []string{release.Id}},
	}) {
		check(err)
		listed++
	}
	say(4, "pages: %d sessions listed", listed)

	before := sequenceNow(ctx, client)
	session := life(ctx, client, batch.Sessions[0])
	say(5, "a life: %s with %s of %s points", session.State, session.Points.GetActual(), session.Points.GetMax())

	_, err = client.Lifecycle.PauseSession(ctx, &pb.PauseSessionRequest{
		Session: &pb.PauseSessionRequest_SessionId{SessionId: session.Id},
	})
	var refusal *examsessions.Refusal
	if !errors.As(err, &refusal) {
		log.Fatalf("a marked session was paused: %v", err)
	}
	say(6, "a refusal: %s, %v", refusal.Reason, refusal.Facts)

	asked := &pb.CreateSessionRequest{
		ReleaseId: release.Id, Booking: bookings("once", 1)[0], RequestId: examsessions.NewID(),
	}
	first, err := client.Sessions.CreateSession(ctx, asked)
	check(err)
	second, err := client.Sessions.CreateSession(ctx, asked)
	check(err)
	say(7, "a replay: the same request gave the same session: %t", first.Session.Id == second.Session.Id)

	_, err = client.Lifecycle.CreatePackage(ctx, &pb.CreatePackageRequest{
		Session: &pb.CreatePackageRequest_SessionId{SessionId: first.Session.Id}, Etag: "another",
	})
	if !examsessions.IsRefusal(err, pb.ErrorReason_ERROR_REASON_STALE_SESSION) {
		log.Fatalf("an etag of somewhere else was taken: %v", err)
	}
	say(8, "compare and set: %v", err)

	say(9, "a watch, begun again in its middle: %v", watched(ctx, client, before, session.Id))

	booked := int64(0)
	check(client.Import(ctx, release.Id, slices.Values(chunks(3, 500)), func(answer *pb.ImportSessionsResponse) error {
		booked = answer.BookedCount
		return nil
	}))
	say(10, "an import: %d sessions in 3 chunks", booked)

	operation, err := client.Lifecycle.BatchTransitionSessions(ctx, &pb.BatchTransitionSessionsRequest{
		Action: pb.Action_ACTION_CREATE_PACKAGE,
		Sessions: &pb.BatchTransitionSessionsRequest_Filter{Filter: &pb.SessionFilter{
			ReleaseIds: []string{release.Id}, States: []pb.State{pb.State_STATE_SCHEDULED_BUT_NOT_CREATED},
		}},
	})
	check(err)
	ended, err := client.Wait(ctx, operation.Operation)
	check(err)
	result := &pb.OperationResult{}
	check(ended.GetResponse().UnmarshalTo(result))
	say(11, "an operation: %d packages were created, %d were not", result.SucceededCount, result.FailedCount)

	late, gone := deadline(ctx, client, release.Id), canceled(ctx, client, session.Id)
	if late != codes.DeadlineExceeded || gone != codes.Canceled {
		log.Fatalf("deadline: %s, cancel: %s", late, gone)
	}
	say(12, "a deadline: %s; a cancel: %s", late, gone)
}

func catalogue(ctx context.Context, client *examsessions.Client) *pb.Release {
	form, err := client.Catalog.CreateTestForm(ctx, &pb.CreateTestFormRequest{TestForm: &pb.TestForm{
		Reference: "go-" + examsessions.NewID(),
		Questions: []*pb.Question{
			{Number: "1", Options: []*pb.Option{{Label: "A"}, {Label: "B"}}, Keys: []string{"0"}},
			{Number: "2", AvailableMark: "4"},
		},
	}})
	check(err)
	reply, err := client.Catalog.CreateRelease(ctx, &pb.CreateReleaseRequest{Release: &pb.Release{
		Name:        "Go " + examsessions.NewID(),
		TestForm:    form.TestForm.Reference,
		WindowStart: timestamppb.New(time.Now().Add(-time.Hour)),
		WindowEnd:   timestamppb.New(time.Now().Add(time.Hour)),
		Duration:    durationpb.New(30 * time.Minute),
	}})
	check(err)
	return reply.Release
}

// life takes a session from its booking to its marks.
func life(ctx context.Context, client *examsessions.Client, booked *pb.BookedSession) *pb.Session {
	id, calls, marking := booked.Id, client.Lifecycle, client.Marking
	_, err := calls.CreatePackage(ctx, &pb.CreatePackageRequest{Session: &pb.CreatePackageRequest_SessionId{SessionId: id}})
	check(err)
	_, err = calls.DownloadSession(ctx, &pb.DownloadSessionRequest{Session: &pb.DownloadSessionRequest_SessionId{SessionId: id}})
	check(err)
	_, err = calls.EnterKeycode(ctx, &pb.EnterKeycodeRequest{Session: &pb.EnterKeycodeRequest_Keycode{Keycode: booked.Keycode}})
	check(err)
	_, err = marking.SetResponses(ctx, &pb.SetResponsesRequest{
		Session: &pb.SetResponsesRequest_SessionId{SessionId: id},
		Responses: []*pb.ItemResponse{
			response("1", &pb.Response{Options: []*pb.Choice{{Option: &pb.Choice_Label{Label: "A"}}}}), response("2", &pb.Response{Text: "Because."}),
		},
	})
	check(err)
	_, err = calls.FinishSession(ctx, &pb.FinishSessionRequest{Session: &pb.FinishSessionRequest_SessionId{SessionId: id}})
	check(err)
	_, err = marking.ScoreResponse(ctx, &pb.ScoreResponseRequest{
		Session: &pb.ScoreResponseRequest_SessionId{SessionId: id}, QuestionNumber: "2", Mark: "3",
	})
	check(err)
	_, err = marking.SubmitMarkedSession(ctx, &pb.SubmitMarkedSessionRequest{
		Session: &pb.SubmitMarkedSessionRequest_SessionId{SessionId: id},
	})
	check(err)
	reply, err := client.Sessions.GetSession(ctx, &pb.GetSessionRequest{Session: &pb.GetSessionRequest_SessionId{SessionId: id}})
	check(err)
	return reply.Session
}

func response(question string, response *pb.Response) *pb.ItemResponse {
	return &pb.ItemResponse{Questions: []*pb.QuestionResponse{{Id: question, Response: response}}}
}

// sequenceNow is where the events of the workspace have come to.
func sequenceNow(ctx context.Context, client *examsessions.Client) int64 {
	for piece, err := range client.Watch(ctx, &pb.WatchSessionsRequest{
		Start: &pb.WatchSessionsRequest_Now{Now: true}, HeartbeatInterval: durationpb.New(100 * time.Millisecond),
	}) {
		check(err)
		if piece.Sequence > 0 {
			return piece.Sequence
		}
	}
	return 0
}

// watched reads what happened to a session: two events, and the others by a watch that begins behind them.
func watched(ctx context.Context, client *examsessions.Client, sequence int64, session string) []string {
	var actions []string
	for len(actions) < 7 {
		for piece, err := range client.Watch(ctx, &pb.WatchSessionsRequest{
			Start:  &pb.WatchSessionsRequest_StartSequence{StartSequence: sequence + 1},
			Filter: &pb.WatchFilter{SessionIds: []string{session}},
		}) {
			check(err)
			for _, event := range piece.Events {
				if len(actions) == 2 && sequence == event.Sequence {
					log.Fatal("an event came twice")
				}
				actions, sequence = append(actions, event.Action.String()), event.Sequence
			}
			if len(actions) >= 2 {
				break
			}
		}
	}
	return actions
}

// deadline is how a call ends that has a millisecond for the work of many.
func deadline(ctx context.Context, client *examsessions.Client, release string) codes.Code {
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err := client.Sessions.BatchCreateSessions(short, &pb.BatchCreateSessionsRequest{
		ReleaseId: release, Bookings: bookings("late", many),
	})
	return status.Code(err)
}

// canceled is how a call ends whose caller goes away.
func canceled(ctx context.Context, client *examsessions.Client, session string) codes.Code {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, cancel)
	for piece, err := range client.Watch(ctx, &pb.WatchSessionsRequest{
		Start: &pb.WatchSessionsRequest_Now{Now: true}, Filter: &pb.WatchFilter{SessionIds: []string{session}},
	}) {
		if err != nil {
			return status.Code(err)
		}
		_ = piece
	}
	return codes.OK
}

func bookings(prefix string, count int) []*pb.Booking {
	made := make([]*pb.Booking, count)
	for n := range made {
		made[n] = &pb.Booking{Candidate: &pb.Candidate{CandidateId: fmt.Sprintf("%s-%d", prefix, n)}}
	}
	return made
}

func chunks(count, size int) [][]*pb.Booking {
	made := make([][]*pb.Booking, count)
	for n := range made {
		made[n] = bookings(fmt.Sprintf("import-%d", n), size)
	}
	return made
}

func say(step int, format string, arguments ...any) {
	fmt.Printf("%2d  %s\n", step, fmt.Sprintf(format, arguments...))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
