"""The former place of the generated code, which is in exam_sessions_client.v1."""

import sys

import exam_sessions_client.v1

sys.modules[__name__] = exam_sessions_client.v1
