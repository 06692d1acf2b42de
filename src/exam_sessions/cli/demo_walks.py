"""The sessions of the demonstration, step by step, each printed as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from exam_sessions.cli.results import show_results
from exam_sessions.cli.shared.console import say
from exam_sessions.cli.shared.session_views import allowed_actions, show_events, state_text
from exam_sessions.client.failures import Refused
from exam_sessions.client.messages import Choice, ItemMark, ItemResponse, PaperResponse, QuestionResponse, Response
from exam_sessions.domain.states import VoidReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.client.client import BookedSession, Client, Session

ARRIVE = ("CreatePackage", "DownloadSession", "EnterKeycode", "CheckInSession")
SIT = (*ARRIVE, "UnlockSession")

CHOSEN = {"1": "C", "2": "C", "3": "B", "4": "AC", "5": "C", "6": "D", "7": "C", "8": "B"}
"""Options chosen of the sample form's questions; all but one of them right."""

WRITTEN = {
    "9": "180 divided by 24 is 7.50. To check: 24 times 7.50 is 180 again.",
    "10": "A bicycle, for it takes me to school every day.",
}
COMPLETED = 1_760_000_000
"""When the papers were completed, in seconds since 1970; any moment that has passed will do."""


class Walk:
    """One session on its way."""

    def __init__(self, client: Client, booked: BookedSession, who: str) -> None:
        # By its keycode: the one name that EnterKeycode takes too.
        self._client, self._session = client, booked.keycode
        say("")
        say(Text.assemble((who, "bold"), (f"  keycode {booked.keycode}", "dim")))

    def steps(self, *rpcs: str, **fields: Any) -> Walk:
        """Actions, one after the other; fields go with each."""
        for rpc in rpcs:
            session = self._client.transition(rpc, self._session, **fields)
            self._print(rpc, Text.assemble("→ ", state_text(session), _scored(session)))
        return self

    def marks(self, **marks: str | None) -> Walk:
        """Marks of a paper, by question: q1="1"; None is "not attempted"."""
        rows = [ItemMark(question_number=name[1:], mark=mark) for name, mark in marks.items()]
        return self.steps("AssignItemMarks", marks=rows, completion_time=Timestamp(seconds=COMPLETED))

    def refused(self, rpc: str, **fields: Any) -> Walk:
        """An action that the rules refuse, and what they would allow."""
        try:
            self._client.transition(rpc, self._session, **fields)
        except Refused as refused:
            self._print(rpc, Text.assemble(("refused ", "bold red"), refused.reason))
            say(Text(f"    {'':<19} {refused}", style="dim"))
            return self
        raise AssertionError(rpc)

    def explained(self) -> Walk:
        """What the session may do now."""
        explanation = self._client.explain(self._session)
        self._print("ExplainSession", Text(f"it may: {allowed_actions(explanation)}"))
        return self

    def history(self) -> Walk:
        """The session's history."""
        say("")
        show_events(list(self._client.history(self._session)))
        return self

    def results(self) -> Walk:
        """What the session earned."""
        say("")
        show_results(self._client.results(self._session))
        return self

    @staticmethod
    def _print(rpc: str, outcome: Text) -> None:
        say(Text.assemble(f"    {rpc:<19} ", outcome))


def walk_online(client: Client, booked: Sequence[BookedSession]) -> None:
    """What can happen to five candidates at a computer."""
    answers = {"responses": _answers()}
    sits = Walk(client, booked[0], "Ada sits her exam; the machine marks what it can, people the rest")
    sits.steps(*SIT, "PauseSession", "ResumeSession").steps("SetResponses", **answers, submit_for_scoring=True)
    sits.refused("ScoreResponse", question_number="9", mark="5")
    sits.steps("ScoreResponse", question_number="9", mark="3.5")
    sits.steps("ScoreResponse", question_number="10", mark="2.5").steps("SubmitMarkedSession").results()

    early = Walk(client, booked[1], "Blaise is to be paused before he has begun").steps(*ARRIVE[:2])
    early.refused("PauseSession").explained()

    room = Walk(client, booked[2], "Chien-Shiung opens hers with the room's PIN")
    room.steps(*ARRIVE).steps("SetPin", pin="QUARKS").refused("EnterPin", pin="LEPTON")
    room.steps("EnterPin", pin="QUARKS")

    away = Walk(client, booked[3], "Dorothy loses the connection, and her answers come back later")
    away.steps(*SIT, "GoOffline", "FinishOffline").steps("UploadSession", **answers)

    absent = Walk(client, booked[4], "Emmy does not come")
    absent.steps("VoidSession", reason=VoidReason.ABSENT).refused("ResetSession")


def walk_on_paper(client: Client, booked: Sequence[BookedSession]) -> None:
    """What can happen to a paper."""
    options = [
        PaperResponse(question_number=number, options=[Choice(label=label) for label in labels])
        for number, labels in CHOSEN.items()
    ]
    machine = Walk(client, booked[0], "Fatima's crosses are marked by the machine, her texts by people")
    machine.steps("AssignItemResponses", responses=options).marks(q9="4", q10="2")

    people = Walk(client, booked[1], "Grace's paper was marked by hand, and she sits it again")
    people.marks(q1="1", q2="1", q3="0", q4="2", q5="1", q6="1").marks(q7="0", q8="1.5", q9="2.5", q10=None)
    people.steps("RetakeSession").history()


def _answers() -> list[ItemResponse]:
    """Answers to the sample form, whose question n has the id qn."""
    options = {n: Response(options=[Choice(label=label) for label in labels]) for n, labels in CHOSEN.items()}
    texts = {n: Response(text=text) for n, text in WRITTEN.items()}
    return [
        ItemResponse(questions=[QuestionResponse(id=f"q{number}", response=response)])
        for number, response in (options | texts).items()
    ]


def _scored(session: Session) -> Text:
    """What counts by now, where that is known."""
    known = session.HasField("score")
    return Text(f"  {session.points.actual} of {session.points.max} points" if known else "", style="bold")
