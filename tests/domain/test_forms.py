"""What makes a test form valid, and how the gaps its author leaves are filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_forms import a_draft, a_form, choice, essay, options

from exam_sessions import errors
from exam_sessions.domain.authoring import form_of, question_of
from exam_sessions.domain.forms import Marking, Objective, Option
from exam_sessions.domain.question_types import QuestionType
from exam_sessions.domain.stored_forms import form_content, from_json

SAVING = Objective("o-1", "explain saving", "2.11.B")
SPENDING = Objective("o-2", "explain spending", "2.11.C")


def refused_at(*drafts, reference="form-a", objectives=(), mark_decimals=0):
    """The one field a form is refused for."""
    with pytest.raises(errors.InvalidField) as refusal:
        form_of(reference, "Sample", mark_decimals, drafts, objectives)
    (violation,) = refusal.value.violations()
    return violation.field


def test_a_question_without_options_is_written_marked_by_people_and_worth_one_mark():
    question = question_of(a_draft(), 6, 0)
    assert (question.number, question.id, question.item_id) == ("7", "7", "7")
    assert (question.type, question.marking, question.available) == (QuestionType.LONGTEXT, Marking.HUMAN, 10_000)


def test_a_question_with_options_is_multiple_choice():
    question = question_of(a_draft(options=(Option("", "", "cake"), Option("", "", "bike")), keys=("1",)), 0, 0)
    assert (question.type, question.marking, question.keys) == (QuestionType.MCQ, Marking.MACHINE, (1,))
    assert [(option.id, option.label) for option in question.options] == [("0", "A"), ("1", "B")]


def test_options_without_a_key_are_marked_by_people():
    assert question_of(a_draft(options=options("AB")), 0, 0).marking == Marking.HUMAN


def test_people_may_mark_a_question_that_has_keys():
    assert question_of(choice("1", "A", marking=Marking.HUMAN), 0, 0).marking == Marking.HUMAN


def test_what_the_author_says_stays_as_it_is():
    said = a_draft(
        number="7b", id="q-7", item_id="i-3", item_name="Pocket money", content="Which?", available_mark="2"
    )
    question = question_of(said, 0, 0)
    assert (question.number, question.id, question.item_id, question.item_name) == (
        "7b",
        "q-7",
        "i-3",
        "Pocket money",
    )
    assert (question.content, question.available) == ("Which?", 20_000)


def test_an_item_is_named_by_its_question_where_it_has_no_name():
    assert question_of(a_draft(id="q-7"), 0, 0).item_id == "q-7"


def test_labels_go_on_with_two_letters_after_z():
    many = question_of(a_draft(options=(Option("", "", ""),) * 54), 0, 0)
    labels = [option.label for option in many.options]
    assert (labels[:2], labels[25:28], labels[51:]) == (["A", "B"], ["Z", "AA", "AB"], ["AZ", "BA", "BB"])


def test_keys_are_kept_as_places_in_ascending_order_and_once():
    assert question_of(choice("1", "CAC"), 0, 0).keys == (0, 2)


@pytest.mark.parametrize("text", ["0", "0.25", "2.5000", "100000"])
def test_an_available_mark_may_be_any_decimal_the_form_allows(text):
    assert question_of(essay("1", text), 0, 2).available == round(float(text) * 10_000)


@pytest.mark.parametrize(
    ("drafts", "field"),
    [
        ([], "questions"),
        ([choice("1", "A"), essay("1")], "questions[1].number"),
        ([essay("2"), a_draft()], "questions[1].number"),
        ([a_draft(number="1", id="q"), a_draft(number="2", id="q")], "questions[1].id"),
        ([essay("1"), a_draft(options=(Option("a", "", ""), Option("a", "", "")))], "questions[1].options[1].id"),
        ([a_draft(options=(Option("", "x", ""), Option("", "X", "")))], "questions[0].options[1].label"),
        ([a_draft(options=options("AB"), keys=("a", "c"))], "questions[0].keys[1]"),
        ([a_draft(marking=Marking.MACHINE)], "questions[0].keys"),
        ([a_draft(options=options("AB"), marking=Marking.MACHINE)], "questions[0].keys"),
        ([a_draft(type=QuestionType.MCQ)], "questions[0].options"),
        ([essay("1", "0.125")], "questions[0].available_mark"),
        ([essay("1", "100000.01")], "questions[0].available_mark"),
        ([essay("1", objective_ids=("o-1", "o-9"))], "questions[0].objective_ids[1]"),
        ([essay("1", objective_ids=("o-1", "o-1"))], "questions[0].objective_ids[1]"),
    ],
    ids=[
        *("no question", "a number twice", "a gap that takes a number", "an id twice", "an option's id twice"),
        *("a label twice in other letters", "a key without an option"),
        *("a written question for the machine", "choice without keys for the machine", "choice without options"),
        *("a mark too fine", "a mark too high", "an unknown objective", "an objective twice"),
    ],
)
def test_a_form_whose_parts_do_not_fit_is_refused_by_the_field_at_fault(drafts, field):
    assert refused_at(*drafts, objectives=[SAVING], mark_decimals=2) == field


@pytest.mark.parametrize("reference", ["", "   "])
def test_a_form_needs_a_reference(reference):
    assert refused_at(essay("1"), reference=reference) == "reference"


def test_an_objective_is_named_once():
    assert refused_at(essay("1"), objectives=[SAVING, SPENDING, SAVING]) == "objectives[2].id"


def test_a_form_knows_what_it_can_earn_and_who_marks_what():
    form = a_form(choice("1", "A"), choice("2", "AB", available_mark="0.5"), essay("3"), mark_decimals=1)
    assert form.available == 65_000
    assert [row[0] for row in form.marked_by_machine] == ["1", "2"]
    assert form.marked_by_people == ("3",)


FORM = a_form(choice("1", "A", "ABCD"), choice("2", "AB"), essay("3", "2.5"), mark_decimals=1)


@pytest.mark.parametrize(
    ("choices", "kept"),
    [
        ([2], 2),
        ([0], 0),
        (["c"], 2),
        ([("C",)], 2),
        ([3, "b", ("A",)], [0, 1, 3]),
        ([1, "b", ("B",)], 1),
    ],
    ids=["by place", "the first", "by id", "by label", "in any way, in order", "one named thrice"],
)
def test_an_option_is_named_by_place_id_or_label(choices, kept):
    assert FORM.chosen(FORM.question("1"), choices) == kept


@pytest.mark.parametrize("strange", [4, -1, "C", "d ", ("E",), ("c",)])
def test_an_option_the_question_does_not_have_is_unknown(strange):
    with pytest.raises(errors.UnknownOption) as refusal:
        FORM.chosen(FORM.question("1"), [0, strange])
    named = strange[0] if isinstance(strange, tuple) else str(strange)
    assert refusal.value.metadata() == {"question": "1", "option": named}


def test_a_question_the_form_does_not_have_is_unknown():
    with pytest.raises(errors.UnknownQuestion):
        FORM.question("4")


def test_options_are_for_choice_and_texts_for_all_else():
    with pytest.raises(errors.ResponseMismatch):
        FORM.chosen(FORM.question("3"), [0])
    with pytest.raises(errors.ResponseMismatch):
        FORM.written(FORM.question("1"), "A")
    assert FORM.written(FORM.question("3"), "because") == "because"


def test_a_text_has_an_end():
    assert FORM.written(FORM.question("3"), "x" * 100_000)
    with pytest.raises(errors.InvalidField) as refusal:
        FORM.written(FORM.question("3"), "x" * 100_001)
    assert refusal.value.violations()[0].field == "response.text"


@pytest.mark.parametrize(("text", "mark"), [("0", 0), ("-0", 0), ("2.5", 25_000), ("2.50", 25_000), ("1.0", 10_000)])
def test_a_mark_within_the_available_mark_is_taken(text, mark):
    assert FORM.check_mark(FORM.question("3"), text) == mark


@pytest.mark.parametrize("text", ["2.6", "3", "-1", "-0.5", "999999999"])
def test_a_mark_outside_of_zero_and_the_available_mark_is_refused(text):
    with pytest.raises(errors.MarkAboveAvailable) as refusal:
        FORM.check_mark(FORM.question("3"), text)
    assert refusal.value.metadata() == {"question": "3", "mark": text, "available_mark": "2.5"}


@pytest.mark.parametrize("text", ["1.25", "0.01", "9.999"])
def test_a_mark_finer_than_the_form_allows_is_refused(text):
    with pytest.raises(errors.MarkTooFine):
        FORM.check_mark(FORM.question("3"), text)


words = st.text("abcXYZ 019é", max_size=6)
drafts = st.builds(
    a_draft,
    content=words,
    item_name=words,
    options=st.sampled_from([(), options("AB"), options("ABCD")]),
    available_mark=st.sampled_from(["", "0", "0.5", "12"]),
    objective_ids=st.sampled_from([(), ("o-1",), ("o-2", "o-1")]),
)


@given(st.lists(drafts, min_size=1, max_size=5), words)
def test_a_form_comes_back_from_what_it_is_kept_as(questions, name):
    form = form_of("form-a", name, 1, questions, [SAVING, SPENDING])
    again = from_json("form-a", 3, name, 1, form_content(form))
    assert (again.questions, again.objectives) == (form.questions, form.objectives)
    assert (again.reference, again.revision, again.name, again.mark_decimals) == ("form-a", 3, name, 1)
    assert again.marked_by_machine == form.marked_by_machine
