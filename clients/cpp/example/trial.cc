// The client beside a server that is killed, one that says nothing, and one that is measured; scripts run it.

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "examsessions/client.h"
#include "examsessions/streams.h"

namespace {

namespace pb = exam_sessions::v1;
using examsessions::Client;
using Lifecycle = pb::LifecycleService::Stub;
using Sessions = pb::SessionService::Stub;
using Texts = std::vector<std::string>;

// Runs each in a thread of its own until all have ended. The program ends where one fails.
void Together(const std::vector<std::function<void()>>& functions) {
  std::vector<std::thread> threads;
  for (const auto& function : functions) {
    threads.emplace_back([&function] {
      try {
        function();
      } catch (const std::exception& failed) {
        std::cerr << failed.what() << std::endl;
        std::_Exit(EXIT_FAILURE);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

pb::Booking BookingOf(const std::string& candidate) {
  pb::Booking booking;
  booking.mutable_candidate()->set_candidate_id(candidate);
  return booking;
}

template <class Request>
Request About(const std::string& session) {
  Request request;
  request.set_session_id(session);
  return request;
}

// What came of imports, calls and a watch.
struct Counts {
  int imported = 0, created = 0, seen = 0, twice = 0;
};

void ImportAll(Client& client, const std::string& release, int chunks, int size, Counts& counts) {
  int chunk = 0;
  const auto rosters = [&]() -> std::optional<std::vector<pb::Booking>> {
    if (chunk == chunks) return std::nullopt;
    std::vector<pb::Booking> bookings;
    const std::string prefix = "import-" + std::to_string(chunk++) + "-";
    for (int n = 0; n < size; ++n) bookings.push_back(BookingOf(prefix + std::to_string(n)));
    return bookings;
  };
  examsessions::ImportSessions(client, release, rosters, [&](const pb::ImportSessionsResponse& answer) {
    counts.imported += answer.sessions_size();
    std::cout << "answered " << answer.chunk() << std::endl;
  });
}

void CreateAll(Client& client, const std::string& release, int calls, Counts& counts) {
  for (; counts.created < calls; ++counts.created) {
    pb::CreateSessionRequest request;
    request.set_release_id(release);
    *request.mutable_booking() = BookingOf("call-" + std::to_string(counts.created));
    client.Call(&Sessions::CreateSession, request);
  }
}

void WatchAll(Client& client, const std::string& release, std::int64_t sequence, std::size_t rows, Counts& counts) {
  std::unordered_set<std::string> known;
  pb::WatchSessionsRequest request;
  request.set_start_sequence(sequence + 1);
  request.mutable_filter()->add_release_ids(release);
  examsessions::Watch watch(client, request);
  while (known.size() < rows) {
    const auto piece = watch.Next();
    for (const auto& event : piece->events()) {
      ++counts.seen;
      const bool again = !known.insert(event.session_id()).second || event.sequence() <= sequence;
      counts.twice += again;
      sequence = event.sequence();
    }
  }
}

// Imports and books, and watches until all of it was seen; arguments: release, sequence, chunks, size of a chunk, calls.
void Restarts(Client& client, const Texts& arguments) {
  const std::string& release = arguments[0];
  const std::int64_t sequence = std::stoll(arguments[1]);
  const int chunks = std::stoi(arguments[2]), size = std::stoi(arguments[3]), calls = std::stoi(arguments[4]);
  Counts counts;
  Together({[&] { ImportAll(client, release, chunks, size, counts); },
            [&] { CreateAll(client, release, calls, counts); },
            [&] { WatchAll(client, release, sequence, std::size_t(chunks) * size + calls, counts); }});
  std::cout << "imported " << counts.imported << " created " << counts.created << " seen " << counts.seen << " twice "
            << counts.twice << std::endl;
}

// Says how a call ends that nobody answers.
void Silent(Client& client) {
  try {
    client.Call(&Sessions::GetSession, About<pb::GetSessionRequest>("any"));
  } catch (const examsessions::Refusal& refusal) {
    const bool late = refusal.code == grpc::DEADLINE_EXCEEDED;
    std::cout << (late ? "DEADLINE_EXCEEDED" : "code " + std::to_string(refusal.code)) << std::endl;
  }
}

void Round(Client& client, bool reads, int pairs, const Texts& sessions) {
  std::vector<std::function<void()>> callers;
  for (const auto& session : sessions) {
    callers.emplace_back([&] {
      const auto read = About<pb::GetSessionRequest>(session);
      const auto pause = About<pb::PauseSessionRequest>(session);
      const auto resume = About<pb::ResumeSessionRequest>(session);
      for (int n = 0; n < pairs; ++n) {
        if (reads) {
          client.Call(&Sessions::GetSession, read);
          client.Call(&Sessions::GetSession, read);
        } else {
          client.Call(&Lifecycle::PauseSession, pause);
          client.Call(&Lifecycle::ResumeSession, resume);
        }
      }
    });
  }
  Together(callers);
}

// Makes so many calls, one after another for each session, and says how long it took; arguments: kind, count, sessions.
void Calls(Client& client, const Texts& arguments) {
  const bool reads = arguments[0] == "reads";
  const Texts sessions(arguments.begin() + 2, arguments.end());
  const int pairs = std::stoi(arguments[1]) / 2 / static_cast<int>(sessions.size());
  Round(client, reads, pairs / 10 + 1, sessions);
  std::cout << "begin" << std::endl;
  const auto began = std::chrono::steady_clock::now();
  Round(client, reads, pairs, sessions);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << "made " << pairs * 2 * sessions.size() << " " << took.count() << std::endl;
}

}  // namespace

int main(int count, char** words) {
  const Texts all(words + 1, words + count);
  const Texts arguments(all.begin() + 2, all.end());
  examsessions::Options options;
  options.actor = "trial";
  Client client(all[1], options);
  if (all[0] == "restarts") {
    Restarts(client, arguments);
  } else if (all[0] == "silent") {
    Silent(client);
  } else {
    Calls(client, arguments);
  }
}
