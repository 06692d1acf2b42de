from __future__ import annotations

from exam_sessions.domain.actor import Actor


def test_an_actor_is_stored_as_its_name_alone():
    assert str(Actor("svc")) == "svc"
    assert Actor.stored("svc") == Actor("svc")


def test_an_actor_who_acts_for_another_is_stored_with_both_names():
    assert Actor.stored(str(Actor("svc", "Zoë of K-03"))) == Actor("svc", "Zoë of K-03")
