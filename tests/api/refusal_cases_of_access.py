"""How to be refused the management of access with each reason; entered with the others when it is imported."""

from __future__ import annotations

from grpc import StatusCode as Code
from refusal_cases import refused_with


@refused_with(Code.NOT_FOUND)
def api_key_not_found(stage):
    yield lambda: stage.api.call("RevokeApiKey", api_key_id="nobody"), {"api_key_id": "nobody"}


@refused_with(Code.FAILED_PRECONDITION)
def api_key_ended(stage):
    created = stage.api.call("CreateApiKey", name="anna", roles=["reader"], all_workspaces=True).api_key
    stage.api.call("RevokeApiKey", api_key_id=created.id)
    yield lambda: stage.api.call("RotateApiKey", api_key_id=created.id), {"api_key_id": created.id}
