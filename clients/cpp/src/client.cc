#include "examsessions/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <stdexcept>

#include "service_config.h"

namespace examsessions {
namespace {

namespace pb = exam_sessions::v1;

// How often an idle connection is probed, and how long the answer may take; the server allows one ping in a second.
constexpr int kPingMs = 10'000;
// The largest request of the server. gRPC keeps a request for its retries up to this size.
constexpr int kRequestBytes = 16 << 20;

std::string FileContent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file && !path.empty()) throw std::invalid_argument(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

bool IsLocal(const std::string& target) {
  static const std::regex this_machine(R"((localhost|127(\.\d+){3}|\[::1\]):\d+|unix:.*)");
  return std::regex_match(target, this_machine);
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const std::string& target, const Options& options) {
  if (options.tls || !options.ca.empty() || !options.cert.empty()) {
    return grpc::SslCredentials({FileContent(options.ca), FileContent(options.key), FileContent(options.cert)});
  }
  if (options.token && !IsLocal(target)) {
    throw std::invalid_argument("a token is not sent to " + target + " without TLS");
  }
  return grpc::InsecureChannelCredentials();
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& target, const Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kRequestBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingMs);
  arguments.SetInt("grpc.http2.ping_timeout_ms", kPingMs);  // otherwise newer gRPC waits a minute all the same
  // gRPC's own two minutes between two attempts to connect outlast every deadline.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // a watch may be silent: ping on
  // An HTTP proxy of the environment would be sent the token.
  if (IsLocal(target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, CredentialsOf(target, options), arguments);
}

}  // namespace

Client::Client(const std::string& target, Options options)
    : options_(std::move(options)), stubs_(ChannelTo(target, options_)) {}

void Client::Prepare(grpc::ClientContext& context) const {
  if (!options_.actor.empty()) context.AddMetadata("x-actor-bin", options_.actor);
  if (options_.token) context.AddMetadata("authorization", "Bearer " + options_.token());
}

void Client::Fill(google::protobuf::Message& request) const {
  const auto* reflection = request.GetReflection();
  const auto set = [&](const char* name, const std::string& value) {
    const auto* field = request.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr && reflection->GetString(request, field).empty()) reflection->SetString(&request, field, value);
  };
  set("workspace_id", options_.workspace);
  set("request_id", NewId());
}

Pages<pb::Session> Client::ListSessions(pb::ListSessionsRequest request) {
  return Pages<pb::Session>([this, request](const std::string& token) mutable {
    request.set_page_token(token);
    pb::ListSessionsResponse page = Call(&pb::SessionService::Stub::ListSessions, request);
    return std::pair(std::move(*page.mutable_sessions()), page.next_page_token());
  });
}

google::longrunning::Operation Client::Wait(google::longrunning::Operation operation) {
  while (!operation.done()) {
    google::longrunning::WaitOperationRequest request;
    request.set_name(operation.name());
    request.mutable_timeout()->set_seconds(30);
    operation = Call(&google::longrunning::Operations::Stub::WaitOperation, request);
  }
  return operation;
}

std::string NewId() {
  using namespace std::chrono;
  const unsigned long long time = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  thread_local std::random_device random;
  char text[48];
  std::snprintf(text, sizeof text, "%08llx-%04llx-7%03x-%04x-%04x%08x", time >> 16, time & 0xffff, random() & 0xfff,
                0x8000 | (random() & 0x3fff), random() & 0xffff, random());
  return text;
}

}  // namespace examsessions
