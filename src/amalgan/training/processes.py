"""The one place that knows whether training runs in one process or in many.

    torchrun, srun, mpirun ─► launchers.place() ─► start() ─► Processes(rank, world, device)

Each process draws its slice of the global batch; the gradients of a phase's own parameters are averaged by one flat
all-reduce. No wrapper stands around the system, so phases, ``requires_grad`` and compile stay out of each other's way.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from amalgan.config.run import DeviceName, Precision, PrecisionName
from amalgan.core.errors import PeerLost, UsageError
from amalgan.core.launchers import Place, place
from amalgan.core.types import DataSpec
from amalgan.kinds import kind_of
from amalgan.training.interfaces import reachable

WORTH_CASTS = 64 * 64
"""Numbers of a picture from which on bfloat16 gains on a GPU (``benchmarks/gpu.py``)."""
JOIN = timedelta(minutes=5)
"""All processes must have been started within it."""
WAIT = timedelta(days=1)
"""One may decode or fit for so long while the others wait. One that is gone is noticed by its closed connection."""
RUNS = count()
"""Numbers the runs of this process: those of one script meet one after the other."""
SIGNAL_SECONDS = 0.5
"""A signal to all processes reaches each at another moment."""


@dataclass(frozen=True)
class Processes:
    """This process among its peers."""

    rank: int = 0
    world: int = 1
    device: str = "cpu"

    @property
    def first(self) -> bool:
        """Whether this process does what is done once: writing and showing."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """Our rows of a global batch.

        Raises:
            UsageError: the batch cannot be split evenly.
        """
        if batch % self.world:
            raise UsageError(
                f"--batch {batch} cannot be shared by {self.world} processes; use a multiple of {self.world}"
            )
        each = batch // self.world
        return slice(self.rank * each, (self.rank + 1) * each)

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace each gradient by its mean over all processes."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self.world == 1 or not gradients:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with peers_needed():
            dist.all_reduce(flat)
        for gradient, mean in zip(
            gradients, (flat / self.world).split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(mean.view_as(gradient))

    def mean(self, values: dict[str, Tensor]) -> dict[str, float]:
        """Scalars averaged over all processes; every process must name the same ones."""
        if not values:
            return {}
        flat = torch.stack([value.detach().float() for value in values.values()])
        if self.world > 1:
            with peers_needed():
                dist.all_reduce(flat)
        return dict(zip(values, (flat / self.world).tolist(), strict=True))

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process."""
        return bool(self.highest(int(flag)))

    def highest(self, number: int) -> int:
        """The highest of the numbers of all processes."""
        if self.world == 1:
            return number
        found = torch.tensor([number], device=self.device)
        with peers_needed():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return int(found.item())

    def differ(self, number: int) -> bool:
        """Whether any process has another number than the first one."""
        first = torch.tensor([number], device=self.device)
        self.same([first])
        return self.any(int(first.item()) != number)

    def meet(self) -> None:
        """Wait until every process is here."""
        self.any(False)

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Let the first process go through the block, and the others after it: they find what it has made."""
        if not self.first:
            self.meet()
        yield
        if self.first:
            self.meet()

    def same(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite ``tensors`` with those of the first process."""
        if self.world > 1:
            for tensor in tensors:
                with peers_needed():
                    dist.broadcast(tensor, 0)


@contextmanager
def peers_needed() -> Iterator[None]:
    """Turn what the backend says of a lost connection into our error; the peers lose theirs by it, and end too."""
    try:
        yield
    except RuntimeError as error:
        time.sleep(SIGNAL_SECONDS)  # where the other one left on a signal, ours is heard here
        first = str(error).partition("\n")[0]
        raise PeerLost(
            f"another process of this run is gone, so this one stops ({first}). "
            "What was saved is kept. Start all of them again with --resume."
        ) from error


@contextmanager
def start(device: DeviceName = "auto") -> Iterator[Processes]:
    """Join the processes that a launcher started with this one, if it did; leave them at the end.

    Raises:
        UsageError: the launcher's variables do not say enough, or not all processes have come.
    """
    here = place()
    name = resolve(device, here.local_rank)
    if name.startswith("cuda"):
        torch.backends.cudnn.deterministic = True  # a resumed run must be the run that never stopped
    if here.world == 1:
        yield Processes(device=name)
        return
    # Imported later, by torch's optimizers, its default arguments would hold the group beyond its end, and gloo's
    # threads would outlive the interpreter: one exit in four was an abort.
    importlib.import_module("torch.distributed.nn")
    join(here, "nccl" if name.startswith("cuda") else "gloo")
    try:
        yield Processes(here.rank, here.world, name)
    finally:
        dist.destroy_process_group()


def join(here: Place, backend: str) -> None:
    """Meet the other processes.

    Raises:
        UsageError: some did not come.
    """
    try:
        tried = os.environ.get(
            "TORCHELASTIC_RESTART_COUNT", "0"
        )  # torchrun keeps what those before have left
        store = PrefixStore(f"amalgan-{tried}-{next(RUNS)}", meeting_place(here))
        with reachable(here):
            dist.init_process_group(backend, store=store, rank=here.rank, world_size=here.world, timeout=WAIT)
    except (RuntimeError, OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise UsageError(
            f"not all {here.world} processes met at {here.address}, port {here.port} ({first}). Start all of them "
            f"within {JOIN.seconds // 60} minutes. MASTER_ADDR must be the machine of process 0, and MASTER_PORT a "
            "port that is free there."
        ) from error


@cache
def meeting_place(here: Place) -> Store:
    """The store that all processes find one another by; it stays for the next run of the same processes."""
    host = f"[{here.address}]" if ":" in here.address else here.address
    found: Store = next(rendezvous(f"tcp://{host}:{here.port}", here.rank, here.world, timeout=JOIN))[0]
    return found


def resolve(device: DeviceName, local_rank: int = 0) -> str:
    """The device that ``device`` means on this machine.

    Raises:
        UsageError: it is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    choice = next(name for name, found in there.items() if found) if device == "auto" else device
    if not there[choice]:
        raise UsageError(f"--device {device}: torch sees none on this machine. Use --device auto or cpu.")
    return f"cuda:{own_gpu(local_rank)}" if choice == "cuda" else choice


def own_gpu(local_rank: int) -> int:
    """The GPU of the process of that number on this machine; a scheduler may show each process just its own.

    Raises:
        UsageError: there are fewer GPUs than processes.
    """
    count = torch.cuda.device_count()
    if count > 1 and local_rank >= count:
        raise UsageError(
            f"process {local_rank} of this machine has no GPU: it has {count}. Start {count} processes a machine, "
            "or give --device cpu."
        )
    return local_rank if count > 1 else 0


def precision_on(device: str, asked: PrecisionName, spec: DataSpec) -> Precision:
    """What layers compute in: bfloat16 where the device multiplies it faster and convolutions are worth the casts.

    A CPU without such instructions is twice as slow in bfloat16, one that has them up to twice as fast. A GPU waits for
    what it is told to do where pictures are small, and casts are more to tell.
    """
    if asked != "auto":
        return asked
    small = device.startswith("cuda") and spec.size < WORTH_CASTS
    able = not kind_of(spec).refuses("half_precision")
    return "bfloat16" if able and not small and fast_in_bfloat16(device) else "float32"


def fast_in_bfloat16(device: str) -> bool:
    """Whether the device has instructions for it."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_capability(device)[0] >= 8  # older ones emulate it
    if device == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False
