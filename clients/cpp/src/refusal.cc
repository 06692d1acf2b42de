#include "examsessions/refusal.h"

#include "google/rpc/error_details.pb.h"

namespace examsessions {
namespace {

google::rpc::Status Detailed(const grpc::Status& status) {
  google::rpc::Status detailed;
  detailed.set_code(status.error_code());
  detailed.set_message(status.error_message());
  detailed.MergeFromString(status.error_details());
  return detailed;
}

}  // namespace

Refusal::Refusal(const grpc::Status& status) : Refusal(Detailed(status)) {}

Refusal::Refusal(const google::rpc::Status& status) : code(static_cast<grpc::StatusCode>(status.code())) {
  std::string name = "gRPC's code " + std::to_string(status.code());
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&info)) {
      name = info.reason();
      exam_sessions::v1::ErrorReason_Parse("ERROR_REASON_" + name, &reason);
      facts.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.UnpackTo(&retry)) {
      retry_after = std::chrono::seconds(retry.retry_delay().seconds()) +
                    std::chrono::milliseconds(retry.retry_delay().nanos() / 1'000'000);
    } else if (detail.UnpackTo(&bad)) {
      for (const auto& field : bad.field_violations()) fields[field.field()] = field.description();
    }
  }
  what_ = name + ": " + status.message();
}

bool Refusal::IsTransient() const {
  return code == grpc::UNAVAILABLE || code == grpc::ABORTED || code == grpc::RESOURCE_EXHAUSTED;
}

}  // namespace examsessions
