"""`serve --workers`: several processes on one port."""

from __future__ import annotations

import psutil
import pytest

from processes import ServerProcess, calling
from serving import until


@pytest.mark.postgresql("several processes serve one database")
@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_no_worker_outlives_the_process_that_started_it(database, end):
    with ServerProcess(database, workers=2) as server:
        children = psutil.Process(server.pid).children()
        with calling(server, "w") as api:
            api.book()
        getattr(server, end)()
        server.wait()
        until(lambda: not any(child.is_running() for child in children))
