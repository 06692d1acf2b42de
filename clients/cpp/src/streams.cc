#include "examsessions/streams.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>

namespace examsessions {
namespace {

namespace pb = exam_sessions::v1;
using std::chrono::milliseconds;

// How often in a row a stream is begun without bringing anything.
constexpr int kTries = 8;
// How many chunks of an import are sent before the first of them is answered.
constexpr std::size_t kChunksAtOnce = 4;

// How long to wait before a stream is begun again: longer each time, and at least as long as the service says. Throws what
// ended it, where that does not pass or it was begun too often.
milliseconds PauseAfter(const Refusal& ended, int failures) {
  if (!ended.IsTransient() || failures >= kTries) throw ended;
  return std::max(std::min(milliseconds(100) * (1 << failures), milliseconds(3000)), ended.retry_after);
}

// Why a stream ended that should go on.
Refusal EndOf(const grpc::Status& status) {
  return Refusal(status.ok() ? grpc::Status(grpc::UNAVAILABLE, "the stream ended") : status);
}

// One stream of an import; it is cancelled where it is left before its end.
class ImportStream {
 public:
  explicit ImportStream(Client& client) {
    client.Prepare(context_);
    stream_ = client.StubOf<pb::SessionService::Stub>().ImportSessions(&context_);
  }
  ~ImportStream() {
    if (finished_) return;
    context_.TryCancel();
    stream_->Finish();
  }
  // Where the stream has ended, Read says so.
  void Write(const pb::ImportSessionsRequest& chunk) { stream_->Write(chunk); }
  bool Read(pb::ImportSessionsResponse* answer) { return stream_->Read(answer); }
  Refusal Finish() {
    stream_->WritesDone();
    finished_ = true;
    return EndOf(stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::ImportSessionsRequest, pb::ImportSessionsResponse>> stream_;
  bool finished_ = false;
};

}  // namespace

Watch::Watch(Client& client, pb::WatchSessionsRequest request) : client_(client), request_(std::move(request)) {
  client_.Fill(request_);
}

Watch::~Watch() {
  Cancel();
  if (reader_) reader_->Finish();
  reader_.reset();  // before its context
}

std::optional<pb::WatchSessionsResponse> Watch::Next() {
  while (Open()) {
    pb::WatchSessionsResponse piece;
    if (reader_->Read(&piece)) {
      failures_ = 0;
      if (piece.sequence() > 0 && !request_.has_consumer()) {
        request_.set_start_sequence(piece.sequence() + 1);
        resumed_ = true;
      }
      return piece;
    }
    const Refusal ended = EndOf(reader_->Finish());
    reader_.reset();
    Pause(ended);
  }
  return std::nullopt;
}

void Watch::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  cancelling_.notify_all();
  if (context_) context_->TryCancel();
}

// Begins the stream where there is none; false once the watch is cancelled.
bool Watch::Open() {
  if (reader_) return true;
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return false;
    context_ = std::make_unique<grpc::ClientContext>();
  }
  client_.Prepare(*context_);
  reader_ = client_.StubOf<pb::SessionService::Stub>().WatchSessions(context_.get(), request_);  // waits for a connection
  return true;
}

void Watch::Pause(const Refusal& ended) {
  std::unique_lock lock(mutex_);
  if (cancelled_) return;
  if (ended.reason == pb::ERROR_REASON_SEQUENCE_TOO_OLD ||
      (resumed_ && ended.reason == pb::ERROR_REASON_SEQUENCE_AHEAD)) {  // a backup was restored
    request_.clear_start();
  } else {
    cancelling_.wait_for(lock, PauseAfter(ended, failures_++), [this] { return cancelled_; });
  }
}

void ImportSessions(Client& client, const std::string& release_id, const Chunks& chunks,
                    const std::function<void(const pb::ImportSessionsResponse&)>& answered) {
  pb::ImportSessionsRequest next;
  next.set_release_id(release_id);
  next.set_import_id(NewId());
  client.Fill(next);
  std::deque<pb::ImportSessionsRequest> waiting;  // for their answers
  auto bookings = chunks();
  for (int failures = 0; bookings || !waiting.empty();) {
    ImportStream stream(client);
    for (const auto& chunk : waiting) stream.Write(chunk);
    while (bookings || !waiting.empty()) {
      for (; bookings && waiting.size() < kChunksAtOnce; bookings = chunks()) {
        waiting.push_back(next);
        waiting.back().mutable_bookings()->Assign(bookings->begin(), bookings->end());
        next.set_chunk(next.chunk() + 1);
        stream.Write(waiting.back());
      }
      pb::ImportSessionsResponse answer;
      if (!stream.Read(&answer)) {
        std::this_thread::sleep_for(PauseAfter(stream.Finish(), failures++));
        break;
      }
      waiting.pop_front();
      failures = 0;
      answered(answer);
    }
    if (!bookings && waiting.empty()) stream.Finish();
  }
}

}  // namespace examsessions
