"""Sessions, forms and releases with content as long as it may be, for tests of how large replies become."""

from __future__ import annotations

from forms import answer, essay, form
from operations import OperationsApi
from state_paths import STARTED, walk

from exam_sessions_client.v1 import (
    catalog_pb2,
    session_pb2,
    test_form_pb2,
)
from serving import ApiClient

LIMIT = 3_500_000
"""Bytes of a reply at most."""
MOST = 1_000
WIDE = "\U00010400"
"""A letter of four bytes."""
TEXT = 100_000


def many_words(number):
    """A candidate whose every text is as long as it may be."""
    name = f"{number:04}"
    return session_pb2.Candidate(
        candidate_id=name + WIDE * 124,
        name_first=WIDE * 100,
        name_middle=WIDE * 100,
        name_last=WIDE * 100,
        gender=1,
        grade_level=15,
        ethnicity=8,
        school_id=WIDE * 64,
        district_id=WIDE * 64,
    )


def longest(number):
    """A booking whose every text is as long as it may be."""
    return session_pb2.Booking(
        candidate=many_words(number),
        access_code=f"{number:032}",
        keycode=f"{number:016}",
        external_reference=WIDE * 30,
        centre_id=WIDE * 64,
        test_form=WIDE * 128,
    )


class Stage:
    """Sessions, forms and releases with content as long as it may be, made when they are first asked for."""

    def __init__(self, server):
        self.server = server
        self.api = ApiClient(server.target)
        self.work = OperationsApi(self.api)
        self._made = {}

    def once(self, make):
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def pages(self, rpc, field, **fields):
        """Every page of a list; each is as large as it may be, and together they hold each element once."""
        token, replies = "", []
        while True:
            replies.append(self.api.call(rpc, page_token=token, **fields))
            assert len(getattr(replies[-1], field)) > 0
            token = replies[-1].next_page_token
            if not token:
                return replies


def sessions(stage):
    """A thousand voided sessions with long texts everywhere."""
    release = stage.api.release(name=WIDE * 200)
    rows = [longest(number) for number in range(MOST)]
    booked = stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions
    stage.work.transition("VOID", booked, message=WIDE * 1000)
    return release, booked


def essays(stage):
    """Sessions with the longest answers there may be, saved several times; and options with long contents."""
    options = [test_form_pb2.Option(content="?" * 4000) for _ in range(100)]
    long = [test_form_pb2.Question(number=f"m{n}", options=options) for n in range(4)]
    form(stage.api, *[essay(str(n)) for n in range(5)], *long, reference="long")
    release = stage.api.release(test_form="long")
    found = []
    for letter, saves in ((WIDE, 3), ("x", 2), (WIDE, 1), (WIDE, 1)):
        session = walk(stage.api, stage.api.book(release), *STARTED)
        for save in range(saves):
            text = letter * (TEXT - 1) + str(save)
            stage.api.move("SetResponses", session, responses=[answer(str(n), text=text) for n in range(5)])
        found.append(session)
    return release, found


def catalog_form(stage):
    """A form nearly as large as a form may be, on paper, under the reference of a release."""
    options = [test_form_pb2.Option(content="?" * 4000) for _ in range(4)]
    message = form(stage.api, *[test_form_pb2.Question(options=options) for _ in range(120)], reference="huge")
    return message, stage.api.release(test_form="huge", delivery=catalog_pb2.DELIVERY_PAPER)
