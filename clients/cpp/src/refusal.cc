#include "examsessions/refusal.h"

#include "google/rpc/error_details.pb.h"

namespace examsessions {
namespace {

google::rpc::Status Detailed(const grpc::Status& status) {
  google::rpc::Status detailed;
  if (status.error_details().empty() || !detailed.ParseFromString(status.error_details())) {
    detailed.set_code(status.error_code());
    detailed.set_message(status.error_message());
  }
  return detailed;
}

// The reason's name or else that of the code, and the sentence.
std::string Described(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : status.details()) {
    if (detail.UnpackTo(&info)) return info.reason() + ": " + status.message();
  }
  return "gRPC's code " + std::to_string(status.code()) + ": " + status.message();
}

}  // namespace

Refusal::Refusal(const grpc::Status& status) : Refusal(Detailed(status)) {}

Refusal::Refusal(const google::rpc::Status& status)
    : std::runtime_error(Described(status)), code(static_cast<grpc::StatusCode>(status.code())) {
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&info)) {
      exam_sessions::v1::ErrorReason_Parse("ERROR_REASON_" + info.reason(), &reason);
      facts.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.UnpackTo(&retry)) {
      retry_after = std::chrono::seconds(retry.retry_delay().seconds()) +
                    std::chrono::milliseconds(retry.retry_delay().nanos() / 1'000'000);
    } else if (detail.UnpackTo(&bad)) {
      for (const auto& field : bad.field_violations()) fields[field.field()] = field.description();
    }
  }
}

bool Refusal::IsTransient() const {
  return code == grpc::UNAVAILABLE || code == grpc::ABORTED || code == grpc::RESOURCE_EXHAUSTED;
}

}  // namespace examsessions
