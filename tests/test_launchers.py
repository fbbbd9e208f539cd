"""Which of several processes this one is, by the variables of each launcher; and what is refused."""

from __future__ import annotations

import os

import pytest

from amalgan.core import subprocesses
from amalgan.core.errors import UsageError
from amalgan.core.launchers import LOOPBACK, Place, first_node, is_of_launcher, place

SLURM = {"SLURM_PROCID": "5", "SLURM_LOCALID": "1", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "8"}
SLURM |= {"SLURM_STEP_NODELIST": "gpu[03-04,07]", "SLURM_STEP_NUM_NODES": "2", "SLURM_JOB_ID": "4711"}
SLURM |= {"SLURM_STEP_ID": "0"}
OPEN_MPI = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_RANK": "1"}
TORCHRUN = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
WHERE = {"MASTER_ADDR": "node1", "MASTER_PORT": "1234"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in filter(is_of_launcher, list(os.environ)):
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Place()),
        ({"RANK": "0", "WORLD_SIZE": "1"}, Place()),
        ({"WORLD_SIZE": "1"}, Place()),
        (TORCHRUN | WHERE, Place(3, 4, 1, "node1", 1234)),
        ({"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}, Place(1, 2, 1)),
        (SLURM, Place(5, 8, 1, "gpu03", 27_110)),
        (SLURM | {"SLURM_STEP_ID": "1"}, Place(5, 8, 1, "gpu03", 27_111)),
        (SLURM | {"SLURM_STEP_NUM_NODES": "1"}, Place(5, 8, 1, LOOPBACK, 27_110)),
        (SLURM | WHERE, Place(5, 8, 1, "node1", 1234)),
        (SLURM | {"SLURM_STEP_NUM_TASKS": "1"}, Place()),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, Place()),
        ({"SLURM_NTASKS": "8", "SLURM_JOB_NODELIST": "gpu[1-2]"}, Place()),  # the shell of salloc
        (OPEN_MPI | WHERE, Place(1, 4, 1, "node1", 1234)),
        (SLURM | OPEN_MPI | WHERE, Place(1, 4, 1, "node1", 1234)),  # mpirun within a job of SLURM
        (SLURM | TORCHRUN | WHERE, Place(3, 4, 1, "node1", 1234)),  # torchrun started by srun
    ],
)
def test_each_launcher_is_understood(
    variables: dict[str, str], expected: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert place() == expected


def test_open_mpi_on_one_machine_finds_one_port_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (OPEN_MPI | {"OMPI_COMM_WORLD_LOCAL_SIZE": "4"}).items():
        monkeypatch.setenv(name, value)
    ports = []
    for job in ("prterun-a-1@1", "prterun-a-1@1", "prterun-a-2@1"):
        monkeypatch.setenv("PMIX_NAMESPACE", job)
        ports.append(place().port)
        assert place().address == LOOPBACK
    assert ports[0] == ports[1] != ports[2]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"WORLD_SIZE": "4"},
            "WORLD_SIZE is 4, but RANK is not set.*torchrun --nproc-per-node 4 -m amalgan train",
        ),
        ({"RANK": "1"}, "RANK is 1 and WORLD_SIZE is not set.*torchrun --nproc-per-node 2 -m amalgan"),
        ({"RANK": "4", "WORLD_SIZE": "4"} | WHERE, "RANK is 4 and WORLD_SIZE is 4; ranks count from 0"),
        (TORCHRUN, "on which machine the first of 4 processes is. Set MASTER_ADDR"),
        (OPEN_MPI, "on which machine the first of 4 processes is.*mpirun -x MASTER_ADDR=HOST"),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, "has 4 tasks, but srun did not.*srun amalgan train"),
        (SLURM | {"SLURM_STEP_NODELIST": ""}, "on which machine the first of 8 processes is"),
        (SLURM | {"SLURM_PROCID": "8"}, "this is process 8 of 8.*torchrun --nproc-per-node 8"),
        ({"PMI_RANK": "0", "PMI_SIZE": "2"}, "an MPI other than Open MPI.*torchrun --nproc-per-node 2"),
        (SLURM | {"SLURM_LOCALID": "x"}, "the variable SLURM_LOCALID is 'x'"),
        (OPEN_MPI | {"OMPI_COMM_WORLD_SIZE": "many"}, "the variable OMPI_COMM_WORLD_SIZE is 'many'"),
    ],
)
def test_what_would_be_unrelated_runs_is_refused_with_what_to_type(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        place()


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu03", "gpu03"),
        ("a,b", "a"),
        ("gpu[03-05,9],x", "gpu03"),
        ("rack[1-2]node[07,9],y", "rack1node07"),
        ("n[1,3]-ib", "n1-ib"),
        ("", ""),
    ],
)
def test_the_first_node_of_a_list_as_slurm_writes_it(nodes: str, first: str) -> None:
    assert first_node(nodes) == first


def test_processes_that_we_start_are_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (SLURM | OPEN_MPI | TORCHRUN | WHERE | {"TORCHELASTIC_RUN_ID": "x"}).items():
        monkeypatch.setenv(name, value)
    assert [name for name in subprocesses.environment() if is_of_launcher(name)] == []
