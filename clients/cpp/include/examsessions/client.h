#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <string>

#include "examsessions/pages.h"
#include "examsessions/refusal.h"
#include "examsessions/stubs.h"

namespace examsessions {

// Which server is called, and as whom.
struct Options {
  // Filled into requests that name none; empty means "default".
  std::string workspace;
  // Recorded in the history of what is changed, where the server lets this caller say for whom it acts.
  std::string actor;
  // Returns an API key or a JWT; it is asked before each call. It is sent over TLS, and in the clear to this machine only.
  std::function<std::string()> token;
  // TLS is used where it is true or one of the files is given.
  bool tls = false;
  // PEM files: the server's CA, a client certificate and its key.
  std::string ca, cert, key;
};

// A method of a generated stub, such as &SessionService::Stub::GetSession.
template <class Stub, class Request, class Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Calls the exam session service: every call has a deadline, an actor and, if it changes something, a request id, so that
// gRPC's retries do not do it twice. It connects with its first call, and is safe for use by many threads.
class Client {
 public:
  // Throws std::invalid_argument where a token would be sent to another machine without TLS, or a file cannot be read.
  explicit Client(const std::string& target, Options options = {});

  // Calls a method and returns its reply. Throws Refusal.
  template <class Stub, class Request, class Response>
  Response Call(Method<Stub, Request, Response> method, Request request) {
    grpc::ClientContext context;
    return Call(method, std::move(request), context);
  }

  // The same with a context of the caller's, for a deadline of its own or to cancel the call.
  template <class Stub, class Request, class Response>
  Response Call(Method<Stub, Request, Response> method, Request request, grpc::ClientContext& context) {
    Prepare(context);
    Fill(request);
    Response response;
    const grpc::Status status = (StubOf<Stub>().*method)(&context, request, &response);
    if (!status.ok()) throw Refusal(status);
    return response;
  }

  // The sessions that a request matches, read page by page. Throws Refusal as it is read.
  Pages<exam_sessions::v1::Session> ListSessions(exam_sessions::v1::ListSessionsRequest request);

  // Waits until an operation has ended, and returns it; its error is in the operation. Throws Refusal.
  google::longrunning::Operation Wait(google::longrunning::Operation operation);

  // A generated stub, such as StubOf<SessionService::Stub>(), for calls of another kind; Prepare and Fill are then the
  // caller's to use.
  template <class Stub>
  Stub& StubOf() {
    return stubs_.Get<Stub>();
  }

  // Adds who calls to a call.
  void Prepare(grpc::ClientContext& context) const;

  // Sets the workspace and the request id of a request that leaves them empty.
  void Fill(google::protobuf::Message& request) const;

 private:
  Options options_;
  Stubs stubs_;
};

// A UUID of version 7, for what a caller names itself.
std::string NewId();

}  // namespace examsessions
