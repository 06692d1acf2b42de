"""Keyed hashes of candidate ids, generation by generation."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from exam_sessions.domain.candidate_ids import CandidateIdKeys, UnfitKeys, generation_of

FIRST, SECOND = "11" * 32, "22" * 32
ONE, BOTH = CandidateIdKeys.parse(FIRST), CandidateIdKeys.parse(f"# two\n{FIRST}\n\n{SECOND}\n")


def by_hand(key, value):
    return hmac.new(bytes.fromhex(key), value, hashlib.sha256).digest()


def test_a_value_is_the_hmac_of_the_value_of_the_generation_before():
    first = by_hand(FIRST, "Jos\u00e9".encode())
    text = base64.urlsafe_b64encode(first).decode().rstrip("=")
    assert ONE.hashed("Jos\u00e9") == f"hmac001-{text}"
    second = base64.urlsafe_b64encode(by_hand(SECOND, first)).decode().rstrip("=")
    assert BOTH.hashed("Jos\u00e9") == f"hmac002-{second}"


def test_a_stored_value_is_brought_to_the_newest_generation_without_the_id():
    assert BOTH.hashed(ONE.hashed("anna")) == BOTH.hashed("anna")
    assert BOTH.hashed(BOTH.hashed("anna")) == BOTH.hashed("anna")
    assert ONE.hashed(BOTH.hashed("anna")) == BOTH.hashed("anna")


def test_what_an_erasure_left_and_an_empty_id_are_not_hashed():
    erased = "erased-" + "0" * 20
    assert (ONE.hashed(erased), ONE.hashed("")) == (erased, "")
    assert ONE.hashed("erased-anna").startswith("hmac001-")


def test_a_stored_value_says_its_generation():
    stored = (BOTH.hashed("anna"), "anna", "hmac001-short", "erased-" + "0" * 20)
    assert [generation_of(value) for value in stored] == [2, 0, 0, None]


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "0 keys"), ("zz" * 32, "line 1 is not"), ("11" * 31, "31 bytes"), (f"{FIRST}\n{FIRST}", "repeats")],
)
def test_keys_that_cannot_be_used_are_refused(text, why):
    with pytest.raises(UnfitKeys, match=why):
        CandidateIdKeys.parse(text)
