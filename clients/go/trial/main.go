// The client beside a server that is killed, one that says nothing, and one that is measured: scripts/clients and
// scripts/bench run it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	examsessions "exam-sessions/clients/go"
	pb "exam-sessions/clients/go/examsessionsv1"
)

func main() {
	log.SetFlags(0)
	mode, target, arguments := os.Args[1], os.Args[2], os.Args[3:]
	client, err := examsessions.New(target, examsessions.Options{Actor: "trial"})
	check(err)
	defer client.Close()
	ctx := context.Background()
	switch mode {
	case "restarts":
		restarts(ctx, client, arguments[0], numbers(arguments[1:]))
	case "silent":
		_, err := client.Sessions.GetSession(ctx, read("any"))
		fmt.Println(status.Code(err))
	case "calls":
		calls(ctx, client, target, arguments[0], numbers(arguments[1:2])[0], arguments[2:])
	}
}

// restarts imports and books, and watches until all of it was seen; numbers: sequence, chunks, size of a chunk, calls.
func restarts(ctx context.Context, client *examsessions.Client, release string, numbers []int) {
	sequence, chunks, size, calls := int64(numbers[0]), numbers[1], numbers[2], numbers[3]
	var imported, created, seen, twice int
	var all sync.WaitGroup
	all.Go(func() {
		each := func(yield func([]*pb.Booking) bool) {
			for chunk := range chunks {
				bookings := make([]*pb.Booking, size)
				for n := range bookings {
					bookings[n] = booking(fmt.Sprintf("import-%d-%d", chunk, n))
				}
				if !yield(bookings) {
					return
				}
			}
		}
		check(client.Import(ctx, release, each, func(answer *pb.ImportSessionsResponse) error {
			imported += len(answer.Sessions)
			fmt.Println("answered", answer.Chunk)
			return nil
		}))
	})
	all.Go(func() {
		for n := range calls {
			_, err := client.Sessions.CreateSession(ctx, &pb.CreateSessionRequest{
				ReleaseId: release, Booking: booking(fmt.Sprintf("call-%d", n)),
			})
			check(err)
			created++
		}
	})
	all.Go(func() {
		known := map[string]bool{}
		for piece, err := range client.Watch(ctx, &pb.WatchSessionsRequest{
			Start:  &pb.WatchSessionsRequest_StartSequence{StartSequence: sequence + 1},
			Filter: &pb.WatchFilter{ReleaseIds: []string{release}},
		}) {
			check(err)
			for _, event := range piece.Events {
				seen++
				if event.Sequence <= sequence || known[event.SessionId] {
					twice++
				}
				sequence, known[event.SessionId] = event.Sequence, true
			}
			if len(known) == chunks*size+calls {
				return
			}
		}
	})
	all.Wait()
	fmt.Printf("imported %d created %d seen %d twice %d\n", imported, created, seen, twice)
}

// calls makes so many calls, one after another for each session, and says how long it took; those of a bare stub
// go past the client.
func calls(ctx context.Context, client *examsessions.Client, target, kind string, count int, sessions []string) {
	reader, lifecycle := client.Sessions, client.Lifecycle
	kind, bare := strings.CutPrefix(kind, "bare-")
	if bare {
		conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		check(err)
		defer conn.Close()
		reader, lifecycle = pb.NewSessionServiceClient(conn), pb.NewLifecycleServiceClient(conn)
	}
	one := func(session string) {
		if kind == "reads" {
			for range 2 {
				_, err := reader.GetSession(ctx, read(session))
				check(err)
			}
			return
		}
		_, err := lifecycle.PauseSession(ctx, &pb.PauseSessionRequest{
			Session: &pb.PauseSessionRequest_SessionId{SessionId: session},
		})
		check(err)
		_, err = lifecycle.ResumeSession(ctx, &pb.ResumeSessionRequest{
			Session: &pb.ResumeSessionRequest_SessionId{SessionId: session},
		})
		check(err)
	}
	round := func(pairs int) {
		var all sync.WaitGroup
		for _, session := range sessions {
			all.Go(func() {
				for range pairs {
					one(session)
				}
			})
		}
		all.Wait()
	}
	pairs := count / 2 / len(sessions)
	round(pairs/10 + 1)
	fmt.Println("begin")
	began := time.Now()
	round(pairs)
	fmt.Println("made", pairs*2*len(sessions), time.Since(began).Seconds())
}

func read(session string) *pb.GetSessionRequest {
	return &pb.GetSessionRequest{Session: &pb.GetSessionRequest_SessionId{SessionId: session}}
}

func booking(candidate string) *pb.Booking {
	return &pb.Booking{Candidate: &pb.Candidate{CandidateId: candidate}}
}

func numbers(texts []string) []int {
	found := make([]int, len(texts))
	for n, text := range texts {
		number, err := strconv.Atoi(text)
		check(err)
		found[n] = number
	}
	return found
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
