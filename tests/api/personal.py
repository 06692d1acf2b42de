"""A person about whom much is stored, and where in a database anything about them is left."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from forms import answer, essay, form, mcq
from messages import mask, new_id
from operations import OperationsApi, handed, result_of, written
from state_paths import walk

from exam_sessions.store.schema import metadata
from exam_sessions_client.v1 import catalog_pb2, session_pb2, test_form_pb2

CANDIDATE = "ZQ-Ünlü-77301"
"""An id that nothing else in a database holds."""

WORDS = {
    "first name": "Wilhelmïna",
    "middle name": "Qéstrel",
    "last name": "Zzyzxford",
    "reference": "REF-QX-4471",
    "annotation": "annotated-QX-5562",
    "reason of extra time": "dyslexia-QX-6613",
    "reason of an accommodation": "epilepsy-QX-7724",
    "machine": "machine-QX-8835",
    "system": "system-QX-9946",
    "address": "203.0.113.77",
    "keycode": "KQXKEYC7",
    "access code": "AQXCODE-8",
    "PIN": "QXPINZ",
    "device": "tablet-QX-3355",
}
"""What is stored about the person besides the id, wherever it is stored."""

TYPED = {"message of a void": "typed-QX-1177", "message of a failure": "typed-QX-2288"}
"""What people typed about the person's sessions."""

ANSWERED = {"essay": "answer-QX-3399", "short text": "answer-QX-4400"}
"""What the person wrote in responses."""

REASON = "request of 3 May"

IDENTIFYING = {CANDIDATE, *WORDS.values()}
EVERYTHING = IDENTIFYING | {*TYPED.values(), *ANSWERED.values()}
FORM_TEXT = ("test_forms", "content", ANSWERED["short text"])
"""What the person typed is the key of the question, which is no answer of theirs."""


def person(**fields):
    """The candidate."""
    return session_pb2.Candidate(
        **{
            "candidate_id": CANDIDATE,
            "name_first": WORDS["first name"],
            "name_middle": WORDS["middle name"],
            "name_last": WORDS["last name"],
            "gender": session_pb2.GENDER_FEMALE,
            "grade_level": session_pb2.GRADE_LEVEL_7,
            "ethnicity": session_pb2.ETHNICITY_PAIS,
            "school_id": "school-1",
        }
        | fields
    )


def their_booking(**fields):
    """A booking of the person with everything in it."""
    return session_pb2.Booking(
        **{
            "candidate": person(),
            "external_reference": WORDS["reference"],
            "annotations": {"note": WORDS["annotation"]},
            "accommodation": session_pb2.BookingAccommodation(
                extra_time={"seconds": 600}, extra_time_reason=WORDS["reason of extra time"]
            ),
        }
        | fields
    )


def written_about(api):
    """Everything that may be stored about the person: sessions in several states, deleted ones, operations.

    Returns:
        The archived session, which has a score, and the one that was deleted.
    """
    work = OperationsApi(api)
    their_form(api)
    archived = archived_session(api)
    voided = voided_session(api)
    deleted = deleted_session(api)
    corrected_booking(api)
    refused_and_repeated(api, work)
    by_template(api, work)
    by_filter(api, work)
    assert voided.state == session_pb2.STATE_VOIDED
    return archived, deleted


def their_form(api):
    """The form that archived_session is sat on: a choice, an essay, and a short text that the machine marks."""
    short = test_form_pb2.Question(
        number="3", type=test_form_pb2.QUESTION_TYPE_SHORTTEXT, keys=[ANSWERED["short text"]]
    )
    form(api, mcq("1", "A"), essay("2"), short)


def archived_session(api):
    """A session that went all the way, with a score of the machine and of a person."""
    policy = catalog_pb2.DEVICE_POLICY_ONE_DEVICE
    release = api.release(name=new_id(), test_form="form-1", duration={"seconds": 3600}, device_policy=policy)
    booking = their_booking(
        keycode=WORDS["keycode"], access_code=WORDS["access code"], pin=WORDS["PIN"], centre_id="centre-1"
    )
    session = api.call("CreateSession", release_id=release.id, booking=booking, request_id=new_id()).session
    session = api.move("CreatePackage", session)
    client = session_pb2.DeliveryClient(os=WORDS["system"], machine=WORDS["machine"], ip=WORDS["address"])
    session = api.move("DownloadSession", session, client=client)
    limit = session_pb2.Accommodation(time_limit={"seconds": 5400})
    reason = WORDS["reason of an accommodation"]
    session = api.call(
        "SetAccommodation", session_id=session.id, accommodation=limit, reason=reason, request_id=new_id()
    ).session
    entered = api.call("EnterKeycode", keycode=session.keycode, device_label=WORDS["device"])
    session, token = entered.session, entered.attempt_token
    answers = (answer("1", "A"), answer("2", text=ANSWERED["essay"]), answer("3", text=ANSWERED["short text"]))
    session = api.move("SetResponses", session, responses=answers, submit_for_scoring=True, attempt_token=token)
    session = api.call("ScoreResponse", session_id=session.id, question_number="2", mark="3").session
    return walk(
        api,
        session,
        *(() if session.state == session_pb2.STATE_MARKED else ("SubmitMarkedSession",)),
        "ArchiveSession",
    )


def voided_session(api):
    """A session that failed, was recovered and voided, with messages."""
    release = api.release(name=new_id())
    session = api.call("CreateSession", release_id=release.id, booking=their_booking()).session
    session = api.move("FailSession", session, message=TYPED["message of a failure"])
    session = api.move("RecoverSession", session)
    fields = {"reason": session_pb2.VOID_REASON_OTHER, "message": TYPED["message of a void"]}
    return api.move("VoidSession", session, **fields)


def deleted_session(api):
    """A booking that was deleted; its history holds the whole of it."""
    release = api.release(name=new_id())
    session = api.call("CreateSession", release_id=release.id, booking=their_booking()).session
    api.call("DeleteSession", session_id=session.id)
    return session


def corrected_booking(api):
    """A booking that was another candidate's first, and is again: for a while it was the person's by mistake."""
    release = api.release(name=new_id())
    session = api.book(release, "somebody-else")
    for candidate in (person(), session_pb2.Candidate(candidate_id="somebody-else", name_last="Another")):
        booking = session_pb2.Booking(candidate=candidate)
        api.call("UpdateSession", session_id=session.id, booking=booking, update_mask=mask("candidate"))
    return session


def refused_and_repeated(api, work):
    """A batch that is answered from memory when it is repeated, and an import."""
    release = api.release(name=new_id())
    rows = [their_booking(), session_pb2.Booking(candidate=session_pb2.Candidate(candidate_id="another-1"))]
    api.call("BatchCreateSessions", release_id=release.id, bookings=rows, request_id=new_id())
    work.wait(work.of_release("VOID", release))


def by_template(api, work):
    """Paper sessions made from a template: one for the person, who is refused the second time."""
    release = api.release(name=new_id(), test_form="form-1", delivery=catalog_pb2.DELIVERY_PAPER)
    template = work.template(release)
    rows = [handed(CANDIDATE), handed(CANDIDATE, written("2", ANSWERED["essay"])), handed("another-2")]
    work.wait(work.submit(template, *rows))
    work.wait(work.of_release("VOID", release))


def by_filter(api, work):
    """An operation whose filter names the person."""
    release = api.release(name=new_id())
    session = api.call("CreateSession", release_id=release.id, booking=their_booking()).session
    for found in (
        {"candidate_ids": [CANDIDATE]},
        {"name": WORDS["last name"]},
        {"external_reference": WORDS["reference"]},
    ):
        operation = work.transition("VOID", filter={"release_ids": [release.id], **found}).operation
        work.wait(operation)
    assert api.get(session).state == session_pb2.STATE_VOIDED


def erase(work, **fields):
    """EraseCandidate: the summary of the operation that did it."""
    reply = work.api.call("EraseCandidate", **({"candidate_id": CANDIDATE, "reason": REASON} | fields))
    return result_of(work.wait(reply.operation)).erasure


def texts_of(value):
    """What of a stored value can be read."""
    if isinstance(value, memoryview):
        value = bytes(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def holds(text, word):
    """Whether a text holds a word in any case, as it is or as JSON writes it."""
    return any(form.casefold() in text.casefold() for form in (word, json.dumps(word)[1:-1]))


def found_in_tables(server, words):
    """Every place in a database that holds one of these words: table, column and word."""
    found = set()
    for table in metadata.tables.values():
        names = [column.name for column in table.columns]
        for row in server.database.read(f"SELECT {', '.join(names)} FROM {table.name}"):
            for name, value in zip(names, row, strict=True):
                text = texts_of(value)
                found |= {(table.name, name, word) for word in words if holds(text, word)}
    return found


def found_in_files(path, words):
    """The words that a SQLite database's files still hold, deleted pages and the log included."""
    found = set()
    for file in (path, path.with_name(f"{path.name}-wal")):
        data = file.read_bytes() if file.exists() else b""
        forms = {word: (word.encode(), json.dumps(word)[1:-1].encode()) for word in words}
        found |= {(file.name, word) for word in words if any(form in data for form in forms[word])}
    return found


def vacuumed(path):
    """Rewrites a SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
