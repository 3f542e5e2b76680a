"""A commit that waits for the disk keeps no request waiting, and is whole all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from gevent import monkey; monkey.patch_all()
import json, sys, threading
import gevent
from gevent.monkey import get_original
from aniworld.models import Database, QueueState, db

stand_still = get_original("time", "sleep")
database = Database.at("sqlite:///" + sys.argv[1])
db.metadata.create_all(database.engine)
committed_on, ticks = [], 0

def tick():
    global ticks
    while True:
        gevent.sleep(0.005)
        ticks += 1

def slow_disk(statement):
    if statement == "COMMIT":
        committed_on.append(threading.get_native_id())
        stand_still(0.3)

def write(is_running):
    with database.writing() as session:
        session.merge(QueueState(id=1, is_running=is_running))
        session.flush()
        session.connection().connection.driver_connection.set_trace_callback(slow_disk)

gevent.spawn(tick)
for number in range(3):
    write(bool(number % 2))
with database.reading() as session:
    state = session.get(QueueState, 1).is_running
killed = gevent.spawn(lambda: write(True))
gevent.sleep(0.1)
killed.kill(block=True)
with database.reading() as session:
    whole = session.get(QueueState, 1).is_running
loop = threading.get_native_id()
print(json.dumps({"ticks": ticks, "loop": loop, "committed_on": committed_on, "state": state, "whole": whole}))
"""


def test_requests_go_on_while_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "a.db")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["committed_on"]) == 4
    assert told["loop"] not in told["committed_on"]
    assert told["ticks"] > 30
    assert told["state"] is False
    assert told["whole"] is True, "a commit that had begun is whole, though its greenlet was killed"
    assert "Exception" not in done.stderr
