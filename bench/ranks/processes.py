"""amkd's tools as one process and as ranks of Open MPI, on cores that they are told."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from link import ADDRESSES, NAMES

# Rank r has core r of those there are, and begins again behind the last one.
ON_CORE = ('cores=($AMKD_CORES); core=${cores[$((OMPI_COMM_WORLD_RANK % ${#cores[@]}))]}; '
           'exec taskset -c "$core" "$@"')

# How Open MPI starts what is to run on the other machine: rsh's arguments.
AGENT = """#!/usr/bin/env bash
host=$1
shift
name=amkd-bench-${host##*.}
exec ip netns exec "$name" unshare --uts bash -c "hostname $name; $*"
"""


def environment(ncores: int, cores: list[int]) -> dict[str, str]:
    return {**os.environ, "POCL_MAX_PTHREAD_COUNT": str(ncores),
            "AMKD_CORES": " ".join(map(str, cores))}


def run(argv: list[str], env: dict[str, str]) -> float:
    """Seconds."""
    start = time.monotonic()
    done = subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True)
    if done.returncode:
        sys.exit(f"bench/ranks: {' '.join(argv)}: exit status {done.returncode}: "
                 f"{done.stderr.strip()}")
    return time.monotonic() - start


def run_alone(argv: list[str], cores: list[int]) -> float:
    return run(["taskset", "-c", ",".join(map(str, cores)), *argv, "--threads",
                str(len(cores))], environment(len(cores), cores))


def run_ranks(argv: list[str], n: int, cores: list[int]) -> float:
    """Of an _mpi tool that was built for Open MPI."""
    return run(["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
                "-n", str(n), "bash", "-c", ON_CORE, "-", *argv, "--threads", "1"],
               environment(1, cores))


def run_apart(argv: list[str], cores: list[int]) -> float:
    """Two ranks, each in its namespace of link.py, which talk over nothing but the link."""
    with tempfile.TemporaryDirectory() as scratch:
        agent = Path(scratch, "agent")
        agent.write_text(AGENT)
        agent.chmod(0o755)
        subnet = "10.77.0.0/24"
        parameters = {"plm_rsh_agent": str(agent), "btl": "tcp,self",
                      "btl_tcp_if_include": subnet, "oob_tcp_if_include": subnet}
        words = [word for pair in parameters.items() for word in ("--mca", *pair)]
        return run([str(agent), ADDRESSES[0], "exec", "mpirun.openmpi", "--allow-run-as-root",
                    "--bind-to", "none", *words, "--host", ",".join(ADDRESSES), "-n", "2",
                    "-x", "POCL_MAX_PTHREAD_COUNT", "-x", "AMKD_CORES", "-x", "PATH",
                    "bash", "-c", f"'{ON_CORE}'", "-",
                    *[f"'{word}'" for word in argv], "--threads", "1"], environment(1, cores))


def step_seconds(metrics: Path) -> float:
    """Of a training that wrote its metrics there: a step's mean."""
    last = json.loads(metrics.read_text().splitlines()[-1])
    return last["seconds"] / last["step"]
