#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "examsessions/client.h"

namespace examsessions {

// What happens, piece by piece. After an interruption it goes on by itself: behind the last sequence, or with a new snapshot
// while the first was not complete or where the service does not reach that sequence any more. A consumer goes on behind
// what it has acknowledged.
class Watch {
 public:
  Watch(Client& client, exam_sessions::v1::WatchSessionsRequest request);
  ~Watch();

  // Waits for the next piece; none once the watch is cancelled. Throws Refusal where that does not pass.
  std::optional<exam_sessions::v1::WatchSessionsResponse> Next();

  // Ends the watch; any thread may.
  void Cancel();

 private:
  struct Stream;
  bool Open();
  void Pause(const Refusal& ended);

  Client& client_;
  exam_sessions::v1::WatchSessionsRequest request_;
  int failures_ = 0;
  bool resumed_ = false;

  std::mutex mutex_;  // of what follows
  std::condition_variable cancelling_;
  std::unique_ptr<Stream> stream_;
  bool cancelled_ = false;
};

// Returns the next bookings of a roster, and none at its end.
using Chunks = std::function<std::optional<std::vector<exam_sessions::v1::Booking>>()>;

// Books a roster of any length: each of the chunks is one transaction, and what became of it is handed to answered. After an
// interruption the import is begun again with the same id, and what was not answered is sent again; nothing is booked twice.
// A refused chunk has its refusal in the answer, and the import goes on. Throws Refusal, and what chunks and answered throw.
void ImportSessions(Client& client, const std::string& release_id, const Chunks& chunks,
                    const std::function<void(const exam_sessions::v1::ImportSessionsResponse&)>& answered);

}  // namespace examsessions
