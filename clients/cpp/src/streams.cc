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

// A stream that has begun once it has a reader; it is cancelled where it is left before its end.
template <class Reader>
struct Stream {
  grpc::ClientContext context;
  std::unique_ptr<Reader> reader;

  ~Stream() {
    if (!reader) return;
    context.TryCancel();
    reader->Finish();
  }
  // Why it ended, although it should go on.
  Refusal Finish() {
    const grpc::Status status = std::exchange(reader, nullptr)->Finish();
    return Refusal(status.ok() ? grpc::Status(grpc::UNAVAILABLE, "the stream ended") : status);
  }
};

}  // namespace

struct Watch::Stream : examsessions::Stream<grpc::ClientReader<pb::WatchSessionsResponse>> {};

Watch::Watch(Client& client, pb::WatchSessionsRequest request) : client_(client), request_(std::move(request)) {
  client_.Fill(request_);
}

Watch::~Watch() = default;

std::optional<pb::WatchSessionsResponse> Watch::Next() {
  while (Open()) {
    pb::WatchSessionsResponse piece;
    if (stream_->reader->Read(&piece)) {
      failures_ = 0;
      if (!request_.has_consumer() && (request_.start_case() || piece.snapshot_complete())) {
        request_.set_start_sequence(piece.sequence() + 1);
        resumed_ = true;
      }
      return piece;
    }
    Pause(stream_->Finish());
  }
  return std::nullopt;
}

void Watch::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  cancelling_.notify_all();
  if (stream_) stream_->context.TryCancel();
}

// Begins the stream where there is none; false once the watch is cancelled.
bool Watch::Open() {
  if (stream_ && stream_->reader) return true;
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return false;
    stream_ = std::make_unique<Stream>();
  }
  client_.Prepare(stream_->context);
  // It waits for a connection.
  stream_->reader = client_.StubOf<pb::SessionService::Stub>().WatchSessions(&stream_->context, request_);
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
    Stream<grpc::ClientReaderWriter<pb::ImportSessionsRequest, pb::ImportSessionsResponse>> stream;
    client.Prepare(stream.context);
    stream.reader = client.StubOf<pb::SessionService::Stub>().ImportSessions(&stream.context);
    for (const auto& chunk : waiting) stream.reader->Write(chunk);  // where the stream has ended, Read says so
    while (bookings || !waiting.empty()) {
      for (; bookings && waiting.size() < kChunksAtOnce; bookings = chunks()) {
        waiting.push_back(next);
        waiting.back().mutable_bookings()->Assign(bookings->begin(), bookings->end());
        next.set_chunk(next.chunk() + 1);
        stream.reader->Write(waiting.back());
      }
      pb::ImportSessionsResponse answer;
      if (!stream.reader->Read(&answer)) {
        std::this_thread::sleep_for(PauseAfter(stream.Finish(), failures++));
        break;
      }
      waiting.pop_front();
      failures = 0;
      answered(answer);
    }
    if (!bookings && waiting.empty() && stream.reader->WritesDone()) stream.Finish();
  }
}

}  // namespace examsessions
