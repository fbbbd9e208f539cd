"""What others leave to this process: the cores that it may use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LEFT = """
import os, threading, time
os.sched_setaffinity(0, {cores})
from amalgan.data.decoding.ordered import in_order
from amalgan.core.environment import cores
used = {{name for name in in_order(lambda row: time.sleep(0.001) or threading.get_ident(), 2000)}}
print(cores(), len(used))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_decoding_takes_as_many_threads_as_there_are_cores_left_to_the_process() -> None:
    every = sorted(os.sched_getaffinity(0))
    for some in (every[:1], every[:2]):
        code = LEFT.format(cores=set(some))
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout.split() == [str(len(some))] * 2
