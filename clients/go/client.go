// Package examsessions calls the exam session service: deadlines, request ids, retries and typed refusals for every RPC.
//
// The generated package examsessionsv1 holds the messages; generate it first, as the README says.
package examsessions

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

//go:embed service_config.json
var serviceConfig string

// DefaultTimeout is the deadline of a call whose context has none.
const DefaultTimeout = 30 * time.Second

// pings find a dead connection within 20 s. The server allows one in a second; gRPC sends at most one in 10.
var pings = keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}

// requestBytes is the largest request of the server. gRPC keeps a request for its retries up to this size; its own 256 KiB
// would leave a batch of some thousand bookings without them.
const requestBytes = 16 << 20

// reconnect is how long a connection is waited for between two attempts: gRPC's own two minutes outlast every deadline.
var reconnect = backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: 3 * time.Second}

// Options say which server is called, and as whom.
type Options struct {
	// Workspace is filled into requests that name none; empty means "default".
	Workspace string
	// Actor is recorded in the history of what is changed, where the server lets this caller say for whom it acts.
	Actor string
	// Token is an API key or a JWT. It is sent over TLS, and in the clear to this machine only.
	Token string
	// TLS is used where it is true or one of the files is given.
	TLS bool
	// CA, Cert and Key are PEM files: the server's CA, a client certificate and its key.
	CA, Cert, Key string
	// Dial is appended to the options of the connection.
	Dial []grpc.DialOption
}

// Client has a stub for each service; every call through it has a deadline, an actor and, if it changes something, a
// request id, so that a retry does not do it twice. It is safe for concurrent use.
type Client struct {
	Stubs

	options Options
	conn    *grpc.ClientConn
}

// New makes a client of the server at target, such as "exams.example.org:443"; it connects with its first call.
func New(target string, options Options) (*Client, error) {
	transport, err := options.transport()
	if err != nil {
		return nil, err
	}
	if options.Token != "" && transport.Info().SecurityProtocol == "insecure" && !isLocal(target) {
		return nil, errors.New("a token is sent over TLS, and in the clear to this machine only")
	}
	c := &Client{options: options}
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(requestBytes)),
		grpc.WithKeepaliveParams(pings),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: 20 * time.Second}),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
	}, options.Dial...)
	if c.conn, err = grpc.NewClient(target, dial...); err != nil {
		return nil, err
	}
	c.Stubs = stubsOf(c.conn)
	return c, nil
}

// Close ends the connection; calls under way fail.
func (c *Client) Close() error { return c.conn.Close() }

func (o Options) transport() (credentials.TransportCredentials, error) {
	if !o.TLS && o.CA == "" && o.Cert == "" {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", o.CA)
		}
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

// isLocal tells whether a target is on this machine.
func isLocal(target string) bool {
	host, _, err := net.SplitHostPort(target)
	return strings.HasPrefix(target, "unix:") || err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// callContext adds who calls, and a deadline where there is none and one is wanted.
func (c *Client) callContext(ctx context.Context, limited bool) (context.Context, context.CancelFunc) {
	if c.options.Actor != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-actor-bin", c.options.Actor)
	}
	if c.options.Token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.options.Token)
	}
	if _, has := ctx.Deadline(); !has && limited {
		return context.WithTimeout(ctx, DefaultTimeout)
	}
	return context.WithCancel(ctx)
}

// fill sets the workspace and the request id of a request that leaves them empty; the same request sent again by gRPC's
// retries has the same id.
func (c *Client) fill(request any) {
	reflected := request.(proto.Message).ProtoReflect()
	set := func(name protoreflect.Name, value string) {
		field := reflected.Descriptor().Fields().ByName(name)
		if field != nil && field.Kind() == protoreflect.StringKind && reflected.Get(field).String() == "" && value != "" {
			reflected.Set(field, protoreflect.ValueOfString(value))
		}
	}
	set("workspace_id", c.options.Workspace)
	set("request_id", NewID())
}

func (c *Client) unary(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	ctx, cancel := c.callContext(ctx, method != longrunningpb.Operations_WaitOperation_FullMethodName)
	defer cancel()
	c.fill(request)
	return asRefusal(invoke(ctx, method, request, reply, conn, options...))
}

func (c *Client) stream(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer,
	options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, cancel := c.callContext(ctx, false)
	stream, err := streamer(ctx, desc, conn, method, options...)
	if err != nil {
		cancel()
		return nil, asRefusal(err)
	}
	return &filledStream{stream, c}, nil
}

// filledStream fills requests in and types the error that ends the stream.
type filledStream struct {
	grpc.ClientStream
	client *Client
}

func (s *filledStream) SendMsg(message any) error {
	s.client.fill(message)
	return s.ClientStream.SendMsg(message)
}

func (s *filledStream) RecvMsg(message any) error { return asRefusal(s.ClientStream.RecvMsg(message)) }

// NewID returns a UUID of version 7, for what a caller names itself.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// ErrNoProgress is returned where a stream was begun again and again and brought nothing.
var ErrNoProgress = errors.New("the stream was begun again several times and brought nothing")
