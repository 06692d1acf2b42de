"""What requests name, walked from the descriptors; and a workspace that holds one of each thing there is to name."""

from __future__ import annotations

import base64
import json
import re

import grpc
from devices import ONE_DEVICE, Device
from forms import PAPER, three_choices
from google.protobuf import json_format, message_factory
from messages import METHOD, booking, bookings, mask, new_id, request_of
from mutations import MUTATIONS
from operations import OperationsApi
from rows import write
from state_paths import ARGUMENTS, walk

from exam_sessions_client.v1 import catalog_pb2, marking_service_pb2, session_pb2, template_pb2

NOT_NAMES = {
    "workspace_id", "abbreviation", "api_key_id", "available_mark", "average_score", "centres", "content",
    "device_label", "display_name", "extra_time_reason", "filter", "ip", "item_id", "item_name", "item_version",
    "keys", "label", "lower_bound", "machine", "mark", "max_score", "message", "min_score", "name_first",
    "name_last", "name_middle", "number", "objective_ids", "os", "parts", "pin", "question_id", "question_number",
    "reason", "roles", "text", "upper_bound", "values", "workspaces",
}  # fmt: skip
"""Fields that name nothing outside of the message, or nothing that belongs to a workspace (API keys). What becomes of
`workspace_id` is a test of its own."""

NO_NAMES_IN = {
    ("ListOperationsRequest", "name"), ("CreateApiKeyRequest", "name"), ("Choice", "id"), ("Objective", "id"),
    ("Option", "id"), ("Question", "id"), ("TestForm", "name"), ("QuestionResponse", "id"),
    ("KeyMark", "key"),
}  # fmt: skip

SESSION_KEYS = ("session_id", "keycode", "access_code")
"""Each names a session; a request has one of them."""


def paths_of(message, before=()):
    """The path of every text in a message that may name something."""
    for field in message.fields:
        path = (*before, field.name)
        if field.message_type is None:
            is_name = field.name not in NOT_NAMES and (message.name, field.name) not in NO_NAMES_IN
            if field.type == field.TYPE_STRING and is_name:
                yield path
        elif field.message_type.file.package.startswith("exam_sessions"):
            is_map = field.message_type.GetOptions().map_entry
            if not is_map and field.message_type.full_name not in {message.full_name, "exam_sessions.v1.Workspace"}:
                yield from paths_of(field.message_type, path)


def put(message, path, names):
    """Sets what a path leads to; a session is named by nothing else then. Returns the names that were set."""
    for flag, needed in (("allow_duplicate_name", "name"), ("allow_missing_form", "test_form")):
        if flag in message.DESCRIPTOR.fields_by_name:
            setattr(message, flag, path[-1] != needed)
    for step in path[:-1]:
        if step == "access_code":
            clear_keys(message)
        inner = getattr(message, step)
        message = inner if hasattr(inner, "DESCRIPTOR") else (inner[0] if len(inner) else inner.add())
    fields = message.DESCRIPTOR.fields_by_name
    if message.DESCRIPTOR.name == "AccessCodeKey":
        message.release_id, message.access_code = names["release_id"], names["access_code"]
        return [names["release_id"], names["access_code"]]
    name = path[-1]
    kind = KINDS.get((message.DESCRIPTOR.name, name)) or ALIASES.get(name, name)
    assert kind in names, f"nobody has said what {message.DESCRIPTOR.name}.{name} names: add it to tests/api/walls.py"
    value = names[kind]
    if name in SESSION_KEYS and "session_id" in fields and message.DESCRIPTOR.name != "Booking":
        clear_keys(message)
    if fields[name].is_repeated:
        del getattr(message, name)[:]
        getattr(message, name).append(value)
    else:
        setattr(message, name, value)
    return [value]


def clear_keys(message):
    for key in SESSION_KEYS:
        if key in message.DESCRIPTOR.fields_by_name:
            message.ClearField(key)


KINDS = {
    **{(f"{verb}OperationRequest", "name"): "operation" for verb in ("Get", "Delete", "Cancel", "Wait")},
    ("ListReleasesRequest", "name"): "release_name",
    ("Release", "name"): "release_name",
    ("Release", "id"): "release_id",
    ("SessionFilter", "name"): "person",
}
"""What a field names where its own name does not say it."""

ALIASES = {
    "release_ids": "release_id", "session_ids": "session_id", "candidate_ids": "candidate_id",
    "centre_ids": "centre_id", "school_ids": "school_id", "district_ids": "district_id",
    "user_id": "candidate_id", "activity_id": "external_reference", "test_forms": "test_form",
    "updated_form": "test_form", "current_form": "test_form", "reference": "test_form",
}  # fmt: skip


def token_of(*content):
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def held_by(server, api):
    """A workspace with one of each thing, all in use: their names."""
    work, reference = OperationsApi(api), f"form-{new_id()}"
    three_choices(api, reference=reference)
    release = api.release(name=f"Maths {new_id()}", test_form=reference, **ONE_DEVICE)
    person = session_pb2.Candidate(
        candidate_id=f"c-{new_id()}", name_first="Zoe", name_last=f"Zz{new_id()[:8]}", school_id=f"s-{new_id()}",
        district_id=f"d-{new_id()}",
    )  # fmt: skip
    where = {"centre_id": f"k-{new_id()}", "external_reference": f"x-{new_id()[:20]}"}
    session = api.call(
        "CreateSession", release_id=release.id, booking=booking(candidate=person, **where), allow_missing_form=True
    ).session
    for n in range(60):
        edit = booking(centre_id=where["centre_id"], external_reference=f"x{n}")
        names = mask("external_reference")
        api.call("UpdateSession", session_id=session.id, booking=edit, update_mask=names)
    edit = booking(external_reference=where["external_reference"])
    api.call("UpdateSession", session_id=session.id, booking=edit, update_mask=mask("external_reference"))
    session = walk(api, session, "CreatePackage", "DownloadSession")
    device = Device(api, "tablet")
    device.enter(session)
    request_id, import_id, lockout_id = new_id(), new_id(), new_id()
    api.call("CreateRelease", release=catalog_pb2.Release(name=f"Art {new_id()}"), request_id=request_id)
    chunk = request_of("ImportSessions", workspace_id=api.workspace, release_id=release.id, import_id=import_id)
    chunk.bookings.extend(bookings(2))
    chunk.allow_missing_form = True
    assert not work.imported([chunk])[0].HasField("refusal")
    operation = work.of_release("FAIL", release, message="x")
    work.wait(operation)
    api.call("AcknowledgeEvents", consumer=f"payroll-{new_id()}", sequence=3)
    columns = "workspace_id, id, subject, wrong, begin_time, end_time, lift_time, lifted_by, message"
    values = (api.workspace, lockout_id, "codes address 192.0.2.1", 9, 1, 2**50, 0, "", "")
    write(server, f"INSERT INTO lockouts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
    (consumer,) = (row.name for row in api.call("ListEventConsumers").consumers)
    return dict(
        session_id=session.id, keycode=session.keycode, access_code=session.access_code, release_id=release.id,
        release_name=release.name, test_form=reference, candidate_id=person.candidate_id, person=person.name_last,
        school_id=person.school_id, district_id=person.district_id, **where, request_id=request_id,
        import_id=import_id, lockout_id=lockout_id, consumer=consumer, attempt_token=device.token,
        etag=api.get(session).etag, operation=operation.name.rpartition("/")[2],
        page_token=api.call("ListSessions", page_size=1).next_page_token,
    )  # fmt: skip


def unknown():
    """Names of the same shape that nobody has ever had."""
    return {
        "session_id": new_id(), "release_id": new_id(), "request_id": new_id(), "import_id": new_id(),
        "lockout_id": new_id(), "operation": new_id(),
        "keycode": "QQ7Q7QQ7", "access_code": "QQ7Q7QQ8", "attempt_token": "A" * 43, "etag": "v98",
        "release_name": f"Maths {new_id()}", "test_form": f"form-{new_id()}", "candidate_id": f"c-{new_id()}",
        "person": f"Zz{new_id()[:8]}", "school_id": f"s-{new_id()}", "district_id": f"d-{new_id()}",
        "centre_id": f"k-{new_id()}", "external_reference": f"x-{new_id()[:20]}", "consumer": f"payroll-{new_id()}",
        "page_token": token_of("0123456789abcdef", 1, new_id()),
    }  # fmt: skip


def within(names, api):
    """The same names, of an operation as one of a client's workspace."""
    return dict(names) | {"operation": f"workspaces/{api.workspace}/operations/{names['operation']}"}


def on_paper(api):
    reference = three_choices(api, reference=new_id()).reference
    return api.release(test_form=reference, **PAPER)


def papers(api):
    named = {"session_id": api.book(on_paper(api)).id, "request_id": new_id()}
    return {"papers": [marking_service_pb2.PaperMarks(**named, **ARGUMENTS["AssignItemMarks"])]}


def template(api):
    release = on_paper(api)
    found = api.call("GetSessionTemplate", release_id=release.id).template
    return {"template": found, "data": [template_pb2.TemplateSession(user_id=new_id())]}


READS = {
    **dict.fromkeys(
        ("GetSession", "ListSessionEvents", "ExplainSession", "GetSessionResults"),
        lambda api: {"session_id": api.book().id},
    ),
    "BatchGetSessions": lambda api: {"session_ids": [api.book().id]},
    **dict.fromkeys(
        (
            "ListSessions", "AggregateSessions", "ListEventConsumers", "GetStateMachine", "ListReleases",
            "ListTestForms", "ListLockouts", "GetWorkspace", "ListWorkspaces", "GetPrincipal", "ListApiKeys",
        ),
        lambda _: {},
    ),
    "WatchSessions": lambda _: {"heartbeat_interval": {"seconds": 1}},
    "GetRelease": lambda api: {"release_id": api.release().id},
    "GetTestForm": lambda api: {"reference": three_choices(api, reference=new_id()).reference},
    "GetSessionTemplate": lambda api: {"release_id": on_paper(api).id},
}  # fmt: skip
OTHERS = {
    "AcknowledgeEvents": lambda _: {"consumer": "own", "sequence": 0},
    "ImportSessions": lambda api: {
        "release_id": api.release().id, "import_id": new_id(), "bookings": bookings(1, new_id()),
    },
    "SubmitFromTemplate": template,
    "BatchAssignItemMarks": papers,
    "RegradeRelease": lambda api: {"release_id": on_paper(api).id, "message": "a wrong key"},
    "LiftLockout": lambda _: {"lockout_id": new_id()},
    "EraseCandidate": lambda _: {"candidate_id": new_id(), "reason": "asked for"},
    "ApplyRetention": lambda _: {"months": 36, "reason": "our policy"},
    "ExportCandidate": lambda _: {"candidate_id": new_id()},
    "CreateWorkspace": lambda _: {"workspace_id": f"w{new_id()}"},
    "UpdateWorkspace": lambda _: {"workspace": {"display_name": "x"}, "update_mask": mask("display_name")},
    **dict.fromkeys(("CloseWorkspace", "ReopenWorkspace"), lambda _: {"validate_only": True}),
    "CreateApiKey": lambda _: {"name": "x", "roles": ["reader"]},
    **dict.fromkeys(("RotateApiKey", "RevokeApiKey"), lambda _: {"api_key_id": "4f2k9"}),
}  # fmt: skip
PREPARED = {rpc: lambda api, make=make: make(api)[1] for rpc, make in MUTATIONS.items()} | READS | OTHERS
"""A request of each RPC that will be accepted, or refused for nothing but what it names."""


def request_in(api, method):
    """Such a request, in a client's workspace."""
    if method.name not in METHOD:
        kind = message_factory.GetMessageClass(method.input_type)
        return kind(name=f"workspaces/{api.workspace}" + ("" if method.name == "ListOperations" else "/operations/x"))
    fields = PREPARED[method.name](api)
    if "workspace_id" in method.input_type.fields_by_name:
        fields = {"workspace_id": api.workspace} | fields
    return request_of(method.name, **fields)


def outcome_of(api, method, request, named):
    """Everything that a call answers, without what it was asked for and without what differs from call to call."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    reply_class = message_factory.GetMessageClass(method.output_type)
    data, replies = request.SerializeToString(), []
    try:
        if method.client_streaming:
            replies = list(api.channel.stream_stream(path)(iter([data]), timeout=30, metadata=api.metadata))
        elif method.server_streaming:
            call = api.channel.unary_stream(path)(data, timeout=30, metadata=api.metadata)
            replies = [next(iter(call))]
            call.cancel()
        else:
            replies = [api.channel.unary_unary(path)(data, timeout=30, metadata=api.metadata)]
    except grpc.RpcError as error:
        trailing = sorted((key, value) for key, value in error.trailing_metadata() or ())
        return (
            error.code(),
            without(error.details(), named),
            [(key, without(value, named)) for key, value in trailing],
        )
    shown = json.dumps(
        [json_format.MessageToDict(reply_class.FromString(reply)) for reply in replies], sort_keys=True
    )
    return (grpc.StatusCode.OK, json.dumps(steady(json.loads(without(shown, named)))), [])


def without(text, named):
    """A text or bytes with a placeholder for what was named."""
    is_text = isinstance(text, str)
    for name in sorted(named, key=len, reverse=True):
        text = text.replace(*((name, "<named>") if is_text else (name.encode(), b"<named>")))
    return text


GENERATED = {"keycode", "accessCode", "pin", "credential", "value", "previous", "current"}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COUNTED = re.compile(r"\bc\d+\b")
"""Candidates of tests."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def steady(value, key=""):
    """A reply without ids, times and codes that the service draws anew for each call."""
    if isinstance(value, dict):
        return {name: steady(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [steady(one, key) for one in value]
    if isinstance(value, str):
        if value == "<named>":
            return value
        return "<drawn>" if key in GENERATED else TIME.sub("<time>", COUNTED.sub("<id>", ID.sub("<id>", value)))
    return value


def rows_of(server, workspace):
    """Every row of a workspace in every table."""
    from exam_sessions.store import schema  # noqa: PLC0415 - the tables of today

    found = server.database.rows_of(workspace, schema.metadata.tables)
    return {table: sorted(map(repr, rows)) for table, rows in found.items()}
