"""How this process was started: alone, or as one of several that torchrun, SLURM or Open MPI started.

    RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT       torchrun, and whoever sets them by hand
    OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE        mpirun of Open MPI
    SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID            srun
       └─► place() ─► Place(rank, world, local_rank, address, port)

The first of these that is set counts, since torchrun may be started by srun, and mpirun within a job of SLURM.
MASTER_ADDR and MASTER_PORT count for all of them. Variables that tell of several processes, but not of this one's place
among them, are refused: each process would train a run of its own.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from zlib import crc32

from amalgan.core.environment import whole_number
from amalgan.core.errors import UsageError

LOOPBACK = "127.0.0.1"
USUAL_PORT = 29_500
"""torchrun's."""
FIRST_PORT, PORTS = 20_000, 10_000
"""Jobs on one machine get ports of their own in this range, by their number."""
OF_TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
FAMILIES = ("TORCHELASTIC_", "OMPI_", "PMI_", "PMIX_", "SLURM_")
"""Beginnings of the variables of launchers."""


@dataclass(frozen=True)
class Place:
    """This process among those that train together."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    """Its number among those of its machine."""
    address: str = LOOPBACK
    """Where the first process is."""
    port: int = USUAL_PORT

    @property
    def first(self) -> bool:
        """Whether this process does what is done once."""
        return self.rank == 0


def place() -> Place:
    """Return the place of this process among those that were started with it.

    Raises:
        UsageError: the variables of a launcher contradict each other, or do not say enough; says what to type.
    """
    found = by_torchrun() or by_open_mpi() or by_slurm()
    if found is None:
        refuse_other_launchers()
        return Place()
    if found.rank >= found.world:
        raise UsageError(
            f"this is process {found.rank} of {found.world}, by its variables; {torchrun(found.world)}"
        )
    return found


def is_set(name: str) -> bool:
    """Return whether the variable ``name`` holds anything."""
    return bool(os.environ.get(name, "").strip())


def is_of_launcher(name: str) -> bool:
    """Return whether the variable ``name`` tells a process its place among others."""
    return name in OF_TORCHRUN or name.startswith(FAMILIES)


def by_torchrun() -> Place | None:
    """Return what RANK and WORLD_SIZE say."""
    rank, world = whole_number("RANK", 0), whole_number("WORLD_SIZE", 1, least=1)
    local, here = whole_number("LOCAL_RANK", 0), whole_number("LOCAL_WORLD_SIZE", 1)
    if not is_set("RANK"):
        if world > 1:
            raise UsageError(f"WORLD_SIZE is {world}, but RANK is not set. Unset it, or {torchrun(world)}")
        return None
    if rank >= world:
        raise UsageError(
            f"RANK is {rank} and WORLD_SIZE is {os.environ.get('WORLD_SIZE') or 'not set'}; ranks count from 0 and end "
            f"below WORLD_SIZE. Set both, or {torchrun(rank + 1)}"
        )
    return Place(
        rank, world, local, address_of_first(alone=world in (1, here), world=world), port(USUAL_PORT)
    )


def by_open_mpi() -> Place | None:
    """Return what mpirun of Open MPI says."""
    if not is_set("OMPI_COMM_WORLD_RANK"):
        return None
    rank, world = whole_number("OMPI_COMM_WORLD_RANK", 0), whole_number("OMPI_COMM_WORLD_SIZE", 1, least=1)
    local, here = (
        whole_number("OMPI_COMM_WORLD_LOCAL_RANK", rank),
        whole_number("OMPI_COMM_WORLD_LOCAL_SIZE", 1),
    )
    job = os.environ.get("PMIX_NAMESPACE", "")
    address = address_of_first(alone=world in (1, here), world=world)
    return Place(rank, world, local, address, port(port_for(crc32(job.encode()))))


def by_slurm() -> Place | None:
    """Return what srun says."""
    if not is_set("SLURM_PROCID"):
        return None
    rank, tasks = whole_number("SLURM_PROCID", 0), whole_number("SLURM_NTASKS", 1, least=1)
    world = whole_number("SLURM_STEP_NUM_TASKS", tasks, least=1)
    if world == 1:
        return None
    if not (is_set("SLURM_STEP_NUM_TASKS") or is_set("MASTER_ADDR")):
        raise UsageError(
            f"this job of SLURM has {world} tasks, but srun did not start this process, so it would train alone. "
            "Start it by: srun amalgan train ..."
        )
    nodes = os.environ.get("SLURM_STEP_NODELIST") or os.environ.get("SLURM_JOB_NODELIST") or ""
    machines = whole_number("SLURM_STEP_NUM_NODES", whole_number("SLURM_NNODES", 1))
    own = LOOPBACK if machines == 1 else first_node(nodes)
    job = whole_number("SLURM_JOB_ID", 0) * 10 + whole_number("SLURM_STEP_ID", 0)
    address = os.environ.get("MASTER_ADDR") or own or address_of_first(alone=False, world=world)
    return Place(rank, world, whole_number("SLURM_LOCALID", 0), address, port(port_for(job)))


def first_node(nodes: str) -> str:
    """Return the first host of a list as SLURM writes it: ``node[03-05,9],other`` begins with ``node03``."""
    first = re.match(r"(?:[^,\[]|\[[^]]*\])*", nodes.strip())
    return re.sub(r"\[(\w+)[^]]*\]", r"\1", first[0]) if first else ""


def address_of_first(*, alone: bool, world: int) -> str:
    """Return MASTER_ADDR; where there is none, this machine, if all processes are ``alone`` on it.

    Raises:
        UsageError: they are on several, and nothing says where the first one is.
    """
    address = os.environ.get("MASTER_ADDR", "").strip()
    if not (address or alone):
        raise UsageError(
            f"nothing says on which machine the first of {world} processes is. Set MASTER_ADDR to its name and "
            f"MASTER_PORT to a free port there (mpirun -x MASTER_ADDR=HOST -x MASTER_PORT={USUAL_PORT} ...), "
            f"or {torchrun(world)}"
        )
    return address or LOOPBACK


def port(usual: int) -> int:
    """Return MASTER_PORT, or the ``usual`` one."""
    return whole_number("MASTER_PORT", usual, least=1)


def port_for(job: int) -> int:
    """Return a port that other jobs are unlikely to have."""
    return FIRST_PORT + job % PORTS


def refuse_other_launchers() -> None:
    """Refuse the launchers of MPICH and Intel MPI.

    Raises:
        UsageError: one of them started several processes; says what to type.
    """
    world = whole_number("PMI_SIZE", 1)
    if world > 1 and not is_set("SLURM_PROCID"):
        raise UsageError(
            f"an MPI other than Open MPI started {world} processes, and each would train alone. "
            f"Instead {torchrun(world)}"
        )


def torchrun(world: int) -> str:
    """Return what to type for so many processes on one machine."""
    return f"start all of them by: torchrun --nproc-per-node {world} -m amalgan train ..."
