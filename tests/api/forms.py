"""Test forms, and sessions on the way through them: what tests of marking begin with."""

from __future__ import annotations

from state_paths import LONG_AGO, STARTED, walk

from exam_sessions_client.v1 import catalog_pb2, marking_service_pb2, result_pb2, test_form_pb2

PAPER = {"delivery": catalog_pb2.DELIVERY_PAPER}


def mcq(number, key="A", options="ABCD", **fields):
    """A multiple-choice question whose options are named by their labels; `key` holds those that are right."""
    return test_form_pb2.Question(
        number=number,
        options=[test_form_pb2.Option(id=f"{number}-{label}", label=label) for label in options],
        keys=[f"{number}-{label}" for label in key],
        **fields,
    )


def essay(number, available_mark="5", **fields):
    """A question people mark."""
    return test_form_pb2.Question(number=number, available_mark=available_mark, **fields)


def form(api, *questions, reference="form-1", **fields):
    """A test form in the catalogue."""
    message = test_form_pb2.TestForm(reference=reference, questions=questions, **fields)
    return api.call("CreateTestForm", test_form=message).test_form


def three_choices(api, **fields):
    """The shape of the vendor's example: three multiple-choice questions of one mark (ExamSpark, Exam Session)."""
    return form(api, mcq("1", "C"), mcq("2", "B"), mcq("3", "D"), **fields)


def mixed(api, **fields):
    """Two questions the machine marks and one of five marks for people; half marks are allowed."""
    return form(api, mcq("1", "A"), mcq("2", "B"), essay("3"), **({"mark_decimals": 1} | fields))


def sitting(api, **fields):
    """A session in progress, in a release of the form `form-1`."""
    return walk(api, api.book(api.release(test_form="form-1", **fields)), *STARTED)


def paper(api, **fields):
    """A session whose paper is to be entered, of the form `form-1`."""
    return api.book(api.release(test_form="form-1", **(PAPER | fields)))


def chosen(*labels):
    """Options by their labels."""
    return [result_pb2.Choice(label=label) for label in labels]


def answer(number, *labels, text=""):
    """A response to one question, in an item of its own."""
    response = result_pb2.Response(options=chosen(*labels), text=text)
    return result_pb2.ItemResponse(questions=[result_pb2.QuestionResponse(id=number, response=response)])


def enter_marks(api, session, marks, **fields):
    """Enters marks of a paper, by the numbers of the questions; None is "not attempted"."""
    rows = [marking_service_pb2.ItemMark(question_number=number, mark=mark) for number, mark in marks.items()]
    fields = {"completion_time": LONG_AGO} | fields
    return api.move("AssignItemMarks", session, marks=rows, **fields)


def enter_responses(api, session, responses, **fields):
    """Enters responses of a paper: the labels chosen, by the numbers of the questions."""
    rows = [
        marking_service_pb2.PaperResponse(question_number=number, options=chosen(*labels))
        for number, labels in responses.items()
    ]
    return api.move("AssignItemResponses", session, responses=rows, **fields)


def hand_in(api, session, *answers):
    """Answers and hands in at once."""
    return api.move("SetResponses", session, responses=answers, submit_for_scoring=True)


def question_of(found, number):
    """One question of results."""
    return next(q for item in found.items for q in item.questions if q.number == number)


def results(api, session, **fields):
    """What an attempt earned."""
    return api.call("GetSessionResults", session_id=session.id, **fields).results
