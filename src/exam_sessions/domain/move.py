"""The former name of TransitionContext, until marking.py has the new one."""

from exam_sessions.domain.transition import TransitionContext as Move

__all__ = ["Move"]
