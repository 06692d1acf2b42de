#include "examsessions/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <stdexcept>

#include "service_config.h"

namespace examsessions {
namespace {

namespace pb = exam_sessions::v1;

// How often an idle connection is probed; the server allows one ping a second.
constexpr int kPingEveryMs = 30'000;
constexpr int kPingTimeoutMs = 20'000;
// The largest request of the server. gRPC keeps a request for its retries up to this size.
constexpr int kRequestBytes = 16 << 20;

std::string FileContent(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::invalid_argument(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const std::string& target, const Options& options) {
  if (options.tls || !options.ca.empty() || !options.cert.empty()) {
    return grpc::SslCredentials({FileContent(options.ca), FileContent(options.key), FileContent(options.cert)});
  }
  static const std::regex this_machine(R"((localhost|127(\.\d+){3}|\[::1\]):\d+|unix:.*)");
  if (options.token && !std::regex_match(target, this_machine)) {
    throw std::invalid_argument("a token is not sent to " + target + " without TLS");
  }
  return grpc::InsecureChannelCredentials();
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& target, const Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kRequestBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingEveryMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  // gRPC's own two minutes between two attempts to connect outlast every deadline.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // a watch may be silent: ping on
  return grpc::CreateCustomChannel(target, CredentialsOf(target, options), arguments);
}

}  // namespace

Client::Client(const std::string& target, Options options)
    : options_(std::move(options)),
      channel_(ChannelTo(target, options_)),
      stubs_(pb::AccessService::NewStub(channel_), pb::CandidateService::NewStub(channel_),
             pb::CatalogService::NewStub(channel_), pb::LifecycleService::NewStub(channel_),
             pb::LockoutService::NewStub(channel_), pb::MarkingService::NewStub(channel_),
             pb::SessionService::NewStub(channel_), pb::TemplateService::NewStub(channel_),
             pb::WorkspaceService::NewStub(channel_), google::longrunning::Operations::NewStub(channel_),
             grpc::health::v1::Health::NewStub(channel_)) {}

void Client::Prepare(grpc::ClientContext& context) const {
  if (!options_.actor.empty()) context.AddMetadata("x-actor-bin", options_.actor);
  if (options_.token) context.AddMetadata("authorization", "Bearer " + options_.token());
}

void Client::Fill(google::protobuf::Message& request) const {
  const auto* fields = request.GetDescriptor();
  const auto* reflection = request.GetReflection();
  const auto set = [&](const char* name, const std::string& value) {
    const auto* field = fields->FindFieldByName(name);
    if (field != nullptr && reflection->GetString(request, field).empty()) reflection->SetString(&request, field, value);
  };
  set("workspace_id", options_.workspace);
  set("request_id", NewId());
}

Pages<pb::Session> Client::ListSessions(pb::ListSessionsRequest request) {
  return Pages<pb::Session>([this, request](const std::string& token) mutable {
    request.set_page_token(token);
    pb::ListSessionsResponse page = Call(&pb::SessionService::Stub::ListSessions, request);
    auto& sessions = *page.mutable_sessions();
    return std::pair(std::vector<pb::Session>(std::make_move_iterator(sessions.begin()),
                                              std::make_move_iterator(sessions.end())),
                     page.next_page_token());
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
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::uint64_t time = std::chrono::duration_cast<milliseconds>(now).count();
  thread_local std::random_device random;
  const auto random64 = [] { return std::uint64_t{random()} << 32 | random(); };
  const std::uint64_t high = time << 16 | 0x7000 | (random64() & 0x0fff);
  const std::uint64_t low = (random64() & 0x3fff'ffff'ffff'ffff) | 0x8000'0000'0000'0000;
  std::array<char, 37> text;
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffff'ffff'ffff));
  return text.data();
}

}  // namespace examsessions
