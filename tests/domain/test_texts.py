import sys
import unicodedata

import pytest

from exam_sessions.domain.texts import are_plain, flaw_of, fold_code, fold_label

GOOD = [
    *("", "u1", "anna", "Anna Maria", "O'Neill", "00123", "=1+1", "a|b", "a | b", "José", "Müller", "Ø", "李小龙"),
    *(
        "김철수",
        "Nguyễn Văn Á",
        "Иванов",
        "محمد",
        "क़मर".replace("\u0958", "\u0915\u093c"),
        "山田\u3000太郎",
        "a\u00a0b",
        "😀",
    ),
]
UNSEEN = ": control and invisible characters are not allowed"
BAD = {
    "u1 ": "must not begin or end with a blank: U+0020 SPACE (character 3)",
    " u1": "must not begin or end with a blank: U+0020 SPACE (character 1)",
    "u1\u3000": "must not begin or end with a blank: U+3000 IDEOGRAPHIC SPACE (character 3)",
    "\u00a0u1": "must not begin or end with a blank: U+00A0 NO-BREAK SPACE (character 1)",
    "u1\t": "must not contain U+0009 (character 3)" + UNSEEN,
    "u\n1": "must not contain U+000A (character 2)" + UNSEEN,
    "u1\r\n": "must not contain U+000D (character 3)" + UNSEEN,
    "u1\0": "must not contain U+0000 (character 3)" + UNSEEN,
    "u\x7f": "must not contain U+007F (character 2)" + UNSEEN,
    "u\u200b1": "must not contain U+200B ZERO WIDTH SPACE (character 2)" + UNSEEN,
    "José\u202e": "must not contain U+202E RIGHT-TO-LEFT OVERRIDE (character 5)" + UNSEEN,
    "Jose\u0301": "must be in Unicode normalization form C (NFC); see U+0301 COMBINING ACUTE ACCENT (character 5)",
    "\u212bsa": "must be in Unicode normalization form C (NFC); see U+212B ANGSTROM SIGN (character 1)",
    " ": "must not be blank",
    "\u3000\t": "must not be blank",
}
NEEDS_A_JOINER = ["\u0646\u06cc\u06a9\u200c\u0646\u0627\u0645", "ශ්\u200dරී", "സജിന്\u200d", "क्\u200cष"]


@pytest.mark.parametrize("text", GOOD)
def test_a_text_in_order_has_no_flaw(text):
    assert flaw_of(text) == flaw_of(text, is_name=True) == ""


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("is_name", [False, True])
def test_a_flaw_is_named_with_the_character_and_its_place(text, is_name):
    assert flaw_of(text, is_name=is_name) == BAD[text]


@pytest.mark.parametrize("category", ["Cc", "Cf", "Zl", "Zp", "Zs"])
def test_no_reference_holds_what_is_not_seen(category):
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) == category:
            assert flaw_of(f"u1{char}")
            if category != "Zs":
                assert flaw_of(f"u{char}1")
                assert flaw_of(f"Bj{char}rn", is_name=True)


@pytest.mark.parametrize(
    "code",
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x180B, 0x2800, 0x3164, 0xFE0F, 0xFFA0, 0xFDD0, 0xFFFF, 0xE0100, 0x10FFFE],
)
def test_nor_what_is_a_letter_or_a_mark_in_name_only(code):
    assert "must not contain U+" in flaw_of(f"u{chr(code)}1", is_name=True)


@pytest.mark.parametrize("name", NEEDS_A_JOINER)
def test_names_hold_joiners_where_their_script_needs_them_and_references_never(name):
    assert flaw_of(name, is_name=True) == ""
    assert "JOINER" in flaw_of(name)


@pytest.mark.parametrize(
    "name",
    [
        "\u200dAda",
        "Ada\u200d",
        "A\u200cda",
        "ن\u200d",
        "\u200c\u0646\u0627\u0645",
        "\u0646\u0627\u0645\u200c",
        "\u0646\u200c \u0627",
    ],
)
def test_a_joiner_that_joins_nothing_is_refused_in_names_too(name):
    assert "JOINER" in flaw_of(name, is_name=True)


@pytest.mark.parametrize("texts", [("a", ""), ("", ""), ("a b", "c"), ("", "x", "")])
def test_plain_texts_take_no_closer_look(texts):
    assert are_plain(*texts)


@pytest.mark.parametrize("text", [text for text in BAD if text])
def test_a_text_with_a_flaw_is_never_plain_wherever_it_stands(text):
    assert not any(are_plain(*texts) for texts in ((text,), (text, ""), ("", text), ("a", text, "b")))


@pytest.mark.parametrize(
    ("code", "folded"),
    [
        ("abc-d_1", "ABC-D_1"),
        ("", ""),
        ("k\u0131", "K\u0131"),
        ("\u017f1", "\u017f1"),
        ("ß", "ß"),
        ("é", "é"),
        ("\u212a", "\u212a"),
        ("ﬁx", "ﬁX"),
    ],
)
def test_codes_are_folded_in_ascii_only(code, folded):
    assert fold_code(code) == folded


@pytest.mark.parametrize(
    ("label", "folded"),
    [
        *(("a", "A"), ("aa", "AA"), ("b1", "B1"), ("\u0434", "\u0414"), ("\u03b2", "\u0392"), ("", "")),
        *(("\u0131", "\u0131"), ("\u017f", "\u017f"), ("ß", "ß"), ("\ufb01", "\ufb01"), ("\u212a", "\u212a")),
    ],
)
def test_labels_are_folded_in_their_own_alphabet(label, folded):
    assert fold_label(label) == fold_label(folded) == folded
