"""What to do when a batch does not fit into memory: said in a sentence that names a size.

Gradients of micro-batches add up to that of the batch, so that a smaller one needs less memory for the same result, but
for rounding. A phase that compares all examples of a batch with one another needs a smaller batch instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from amalgan.config.run import RunConfig
from amalgan.core.errors import OutOfMemory
from amalgan.systems.base import Phase

SAID = ("can't allocate memory", "not enough memory", "out of memory")
"""What torch says on a CPU, where it has no type of error for it."""


@contextmanager
def enough_memory(run: RunConfig, phases: Sequence[Phase], rows: int) -> Iterator[None]:
    """Turn what is raised where memory ends into ``OutOfMemory``; ``rows`` of the batch are this process's."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_memory(error):
            raise
        raise OutOfMemory(advice(run, phases, rows)) from error


def is_memory(error: Exception) -> bool:
    """Whether ``error`` says that memory has come to its end."""
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or any(words in str(error) for words in SAID)


def advice(run: RunConfig, phases: Sequence[Phase], rows: int) -> str:
    """Half of what was tried, by the flag that changes least."""
    whole = next((phase.name for phase in phases if phase.whole_batch), None)
    tried = min(run.micro_batch or rows, rows)
    found = f"memory ran out with {tried} examples at once; the last saved state is kept."
    if tried == 1:
        return f"{found} Train smaller networks (--network.width) or smaller pictures (--size)."
    if whole is not None:
        again = f"--batch {run.batch // 2}: phase {whole!r} compares all examples of a batch with one another"
    else:
        again = f"--micro-batch {tried // 2}: the result is the same but for rounding"
    return f"{found} Begin again with --overwrite and {again}."
