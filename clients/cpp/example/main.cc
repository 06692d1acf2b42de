// Twelve steps that every client of the service goes through, against a server at 127.0.0.1:50051 or the address given.
#include <google/protobuf/util/time_util.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "exam_sessions/v1/operation.pb.h"
#include "examsessions/client.h"
#include "examsessions/streams.h"

namespace pb = exam_sessions::v1;
using examsessions::Client;
using examsessions::Refusal;
using google::protobuf::util::TimeUtil;
using Catalog = pb::CatalogService::Stub;
using Lifecycle = pb::LifecycleService::Stub;
using Marking = pb::MarkingService::Stub;
using Sessions = pb::SessionService::Stub;

namespace {

constexpr int kMany = 10'000;

std::ostream& Step(int number) { return std::cout << std::setw(2) << number << "  "; }

void Require(bool condition, const std::string& otherwise) {
  if (!condition) throw std::runtime_error(otherwise);
}

std::vector<pb::Booking> Bookings(const std::string& prefix, int count) {
  std::vector<pb::Booking> made(count);
  for (int n = 0; n < count; ++n) made[n].mutable_candidate()->set_candidate_id(prefix + "-" + std::to_string(n));
  return made;
}

// A request about one session.
template <class Request>
Request About(const std::string& session_id) {
  Request request;
  request.set_session_id(session_id);
  return request;
}

// Why a call is refused that must be.
template <class Call>
Refusal Refused(Call call) {
  try {
    call();
  } catch (const Refusal& refusal) {
    return refusal;
  }
  throw std::runtime_error("it was not refused");
}

pb::Release Catalogue(Client& client) {
  pb::CreateTestFormRequest form;
  form.mutable_test_form()->set_reference("cpp-" + examsessions::NewId());
  pb::Question& closed = *form.mutable_test_form()->add_questions();
  closed.set_number("1");
  closed.add_options()->set_label("A");
  closed.add_options()->set_label("B");
  closed.add_keys("0");
  pb::Question& open = *form.mutable_test_form()->add_questions();
  open.set_number("2");
  open.set_available_mark("4");
  client.Call(&Catalog::CreateTestForm, form);

  pb::CreateReleaseRequest request;
  pb::Release& release = *request.mutable_release();
  const auto now = TimeUtil::GetCurrentTime();
  release.set_name("C++ " + examsessions::NewId());
  release.set_test_form(form.test_form().reference());
  *release.mutable_window_start() = now - TimeUtil::HoursToDuration(1);
  *release.mutable_window_end() = now + TimeUtil::HoursToDuration(1);
  *release.mutable_duration() = TimeUtil::MinutesToDuration(30);
  return client.Call(&Catalog::CreateRelease, request).release();
}

// Takes a session from its booking to its marks.
pb::Session Life(Client& client, const pb::BookedSession& booked) {
  client.Call(&Lifecycle::CreatePackage, About<pb::CreatePackageRequest>(booked.id()));
  client.Call(&Lifecycle::DownloadSession, About<pb::DownloadSessionRequest>(booked.id()));
  pb::EnterKeycodeRequest entered;
  entered.set_keycode(booked.keycode());
  client.Call(&Lifecycle::EnterKeycode, entered);
  auto responses = About<pb::SetResponsesRequest>(booked.id());
  pb::QuestionResponse& closed = *responses.add_responses()->add_questions();
  closed.set_id("1");
  closed.mutable_response()->add_options()->set_label("A");
  pb::QuestionResponse& open = *responses.add_responses()->add_questions();
  open.set_id("2");
  open.mutable_response()->set_text("Because.");
  client.Call(&Marking::SetResponses, responses);
  client.Call(&Lifecycle::FinishSession, About<pb::FinishSessionRequest>(booked.id()));
  auto score = About<pb::ScoreResponseRequest>(booked.id());
  score.set_question_number("2");
  score.set_mark("3");
  client.Call(&Marking::ScoreResponse, score);
  client.Call(&Marking::SubmitMarkedSession, About<pb::SubmitMarkedSessionRequest>(booked.id()));
  return client.Call(&Sessions::GetSession, About<pb::GetSessionRequest>(booked.id())).session();
}

// Where the events of the workspace have come to.
std::int64_t SequenceNow(Client& client) {
  pb::WatchSessionsRequest request;
  request.set_now(true);
  *request.mutable_heartbeat_interval() = TimeUtil::MillisecondsToDuration(100);
  examsessions::Watch watch(client, request);
  while (const auto piece = watch.Next()) {
    if (piece->sequence() > 0) return piece->sequence();
  }
  throw std::runtime_error("the watch ended");
}

// What happened to a session: two events, and the others by a watch that begins behind them.
std::vector<pb::Action> Watched(Client& client, std::int64_t sequence, const std::string& session_id) {
  std::vector<pb::Action> actions;
  while (actions.size() < 7) {
    pb::WatchSessionsRequest request;
    request.set_start_sequence(sequence + 1);
    request.mutable_filter()->add_session_ids(session_id);
    examsessions::Watch watch(client, request);
    do {
      const auto piece = watch.Next().value();
      for (const auto& event : piece.events()) {
        Require(event.sequence() > sequence, "an event came twice");
        sequence = event.sequence();
        actions.push_back(event.action());
      }
    } while (actions.size() < 2);
  }
  return actions;
}

// How a call ends that has a millisecond for the work of many.
grpc::StatusCode Late(Client& client, const std::string& release_id) {
  pb::BatchCreateSessionsRequest request;
  request.set_release_id(release_id);
  for (auto& booking : Bookings("late", kMany)) *request.add_bookings() = std::move(booking);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
  return Refused([&] { client.Call(&Sessions::BatchCreateSessions, request, context); }).code;
}

// How a stream of the generated stub ends whose caller cancels it.
grpc::StatusCode Cancelled(Client& client, const std::string& session_id) {
  pb::WatchSessionsRequest request;
  request.set_now(true);
  request.mutable_filter()->add_session_ids(session_id);
  grpc::ClientContext context;
  client.Prepare(context);
  client.Fill(request);
  const auto reader = client.StubOf<Sessions>().WatchSessions(&context, request);
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    context.TryCancel();
  });
  pb::WatchSessionsResponse piece;
  while (reader->Read(&piece)) continue;
  canceller.join();
  return reader->Finish().error_code();
}

void Run(Client& client) {
  const auto health = client.Call(&grpc::health::v1::Health::Stub::Check, grpc::health::v1::HealthCheckRequest());
  Step(1) << "health: " << grpc::health::v1::HealthCheckResponse::ServingStatus_Name(health.status()) << std::endl;

  const auto release = Catalogue(client);
  Step(2) << "catalogue: a form of two questions, and the release \"" << release.name() << '"' << std::endl;

  pb::BatchCreateSessionsRequest many;
  many.set_release_id(release.id());
  for (auto& booking : Bookings("b", kMany)) *many.add_bookings() = std::move(booking);
  const auto batch = client.Call(&Sessions::BatchCreateSessions, many);
  Step(3) << "batch: " << batch.sessions_size() << " sessions booked in one call" << std::endl;

  pb::ListSessionsRequest list;
  list.set_page_size(1000);
  list.mutable_filter()->add_release_ids(release.id());
  int listed = 0;
  for (const auto& session : client.ListSessions(list)) listed += session.release_id() == release.id();
  Step(4) << "pages: " << listed << " sessions listed" << std::endl;

  const auto before = SequenceNow(client);
  const auto session = Life(client, batch.sessions(0));
  Step(5) << "a life: " << pb::State_Name(session.state()) << " with " << session.points().actual() << " of "
          << session.points().max() << " points" << std::endl;

  const auto refusal =
      Refused([&] { client.Call(&Lifecycle::PauseSession, About<pb::PauseSessionRequest>(session.id())); });
  Step(6) << "a refusal: " << pb::ErrorReason_Name(refusal.reason);
  for (const auto& [name, value] : refusal.facts) std::cout << ", " << name << '=' << value;
  std::cout << std::endl;

  pb::CreateSessionRequest asked;
  asked.set_release_id(release.id());
  *asked.mutable_booking() = Bookings("once", 1).front();
  asked.set_request_id(examsessions::NewId());
  const auto first = client.Call(&Sessions::CreateSession, asked).session();
  const auto second = client.Call(&Sessions::CreateSession, asked).session();
  Step(7) << "a replay: the same request gave the same session: " << std::boolalpha << (first.id() == second.id())
          << std::endl;

  auto elsewhere = About<pb::CreatePackageRequest>(first.id());
  elsewhere.set_etag("another");
  const auto stale = Refused([&] { client.Call(&Lifecycle::CreatePackage, elsewhere); });
  Require(stale.reason == pb::ERROR_REASON_STALE_SESSION, "an etag of somewhere else was taken");
  Step(8) << "compare and set: " << stale.what() << std::endl;

  const auto actions = Watched(client, before, session.id());
  Step(9) << "a watch, begun again in its middle:";
  for (const auto action : actions) std::cout << ' ' << pb::Action_Name(action);
  std::cout << std::endl;

  int chunk = 0;
  int booked = 0;
  examsessions::ImportSessions(
      client, release.id(),
      [&]() -> std::optional<std::vector<pb::Booking>> {
        if (chunk == 3) return std::nullopt;
        return Bookings("import-" + std::to_string(chunk++), 500);
      },
      [&](const pb::ImportSessionsResponse& answer) { booked += answer.sessions_size(); });
  Step(10) << "an import: " << booked << " sessions in 3 chunks" << std::endl;

  pb::BatchTransitionSessionsRequest transition;
  transition.set_action(pb::ACTION_CREATE_PACKAGE);
  *transition.mutable_filter() = list.filter();
  transition.mutable_filter()->add_states(pb::STATE_SCHEDULED_BUT_NOT_CREATED);
  const auto ended = client.Wait(client.Call(&Lifecycle::BatchTransitionSessions, transition).operation());
  pb::OperationResult result;
  Require(ended.response().UnpackTo(&result), "the operation failed");
  Step(11) << "an operation: " << result.succeeded_count() << " packages were created, " << result.failed_count()
           << " were not" << std::endl;

  const auto late = Late(client, release.id());
  const auto gone = Cancelled(client, session.id());
  Require(late == grpc::DEADLINE_EXCEEDED && gone == grpc::CANCELLED, std::to_string(late) + ", " + std::to_string(gone));
  Step(12) << "a deadline: DEADLINE_EXCEEDED; a cancel: CANCELLED" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    examsessions::Options options;
    options.actor = "example";
    if (const char* token = std::getenv("EXAM_SESSIONS_TOKEN")) options.token = [token] { return token; };
    if (const char* ca = std::getenv("EXAM_SESSIONS_CA")) options.ca = ca;
    Client client(argc > 1 ? argv[1] : "127.0.0.1:50051", options);
    Run(client);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
