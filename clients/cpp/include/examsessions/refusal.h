#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <exception>
#include <map>
#include <string>

#include "exam_sessions/v1/error_reason.pb.h"
#include "google/rpc/status.pb.h"

namespace examsessions {

// Why the service did not do what it was asked.
class Refusal : public std::exception {
 public:
  // Reads what a call failed with.
  explicit Refusal(const grpc::Status& status);
  // Reads a status, such as that of a chunk of an import or of a row of an operation.
  explicit Refusal(const google::rpc::Status& status);

  // The reason's name or else that of the code, and the sentence.
  const char* what() const noexcept override { return what_.c_str(); }

  // Whether the same call may succeed a little later.
  bool IsTransient() const;

  grpc::StatusCode code;
  // UNSPECIFIED where the service did not answer itself: no connection, a deadline, a proxy.
  exam_sessions::v1::ErrorReason reason = exam_sessions::v1::ERROR_REASON_UNSPECIFIED;
  // Those of the reason, by name.
  std::map<std::string, std::string> facts;
  // How long to wait before the same call may succeed; zero where that is not said.
  std::chrono::milliseconds retry_after{0};
  // What is wrong, by the path of the field, where the request itself was.
  std::map<std::string, std::string> fields;

 private:
  std::string what_;
};

}  // namespace examsessions
