"""NVIDIA by LLVM to PTX, and its own ptxas; nvdisasm where it knows the card."""

import os
import re
import shutil
from pathlib import Path

from kernels import CompileError, Kernel, Loop, Missing, hottest, loops_by_jumps, run

FOLDER = Path(os.environ.get("AMKD_VENDORS", "/var/tmp/amkd-vendors"))
# The last assembler that knows the P100, and the first disassembler that PyPI has, which
# knows cards from the RTX 2080 on.
WHEELS = ["nvidia-cuda-nvcc-cu12==12.9.86", "nvidia-cuda-nvdisasm==13.2.51"]
LIBRARY = Path("/usr/lib/clc/nvptx64--nvidiacl.bc")
FLAGS = ["-x", "cl", "-cl-std=CL1.2", "-O3", "-Wall", "-Wno-unused-function",
         "-Wno-linker-warnings", "-S"]


def find(name: str) -> str | None:
    """As ci/vendors --install has installed it, before what else there is."""
    places = sorted(FOLDER.glob(f"lib/python*/site-packages/nvidia/*/bin/{name}"))
    return str(places[0]) if places else shutil.which(name) or shutil.which(
        name, path="/usr/local/cuda/bin")


def version() -> str:
    if not shutil.which("clang-19") or not LIBRARY.exists():
        raise Missing("clang-19 and libclc")
    if not find("ptxas"):
        raise Missing("ptxas (ci/vendors --install)")
    return "ptxas " + re.search(r"V([\d.]+)", run(find("ptxas"), "--version"))[1]


def count(line: str, loop: Loop) -> None:
    """Every instruction takes a slot of its scheduler."""
    found = re.match(r"\s*/\*\w{4,}\*/\s+(?:@!?U?P\w+ )?([A-Z]\w*)([.\w]*)", line)
    if not found:
        return
    name, suffix = found[1], found[2]
    loop.count += 1
    loop.slots += 1
    loop.mads += name in ("FFMA", "FFMA32I")
    loop.wide += ".X" in suffix or ".WIDE" in suffix
    words = 4 if ".128" in suffix else 2 if ".64" in suffix else 1
    if name in ("LDG", "STG", "LD", "ST", "LDL", "STL"):
        loop.words += words
    if name in ("LDS", "STS"):
        loop.local_words += words


def loops(cubin: Path) -> dict[str, Loop | None]:
    """By kernel; none where nvdisasm is not there or does not know the card."""
    if not find("nvdisasm"):
        return {}
    try:
        text = run(find("nvdisasm"), "-c", cubin)
    except CompileError:
        return {}
    bodies = re.split(r"^\.text\.(\w+):$", text, flags=re.M)
    return {name: hottest(loops_by_jumps(body.splitlines(), r"^(\.L_x_\w+):",
                                         r"\bBRA\b.*`\((\.L_x_\w+)\)"), count)
            for name, body in zip(bodies[1::2], bodies[2::2])}


def compile_program(target, program: Path, folder: Path) -> tuple[list[Kernel], str]:
    ptx, cubin = folder / (program.stem + ".ptx"), folder / (program.stem + ".cubin")
    said = run("clang-19", *FLAGS, "-target", "nvptx64-nvidia-nvcl", f"-march={target.name}",
               "-Xclang", "-mlink-builtin-bitcode", "-Xclang", LIBRARY, "-o", ptx, program)
    try:
        log = run(find("ptxas"), "-v", f"-arch={target.name}", "-o", cubin, ptx)
    except CompileError as error:
        if "gpu-name" in str(error):
            raise Missing(f"a ptxas that knows {target.name} (ci/vendors --install)") from None
        raise
    by_kernel = loops(cubin)
    kernels = []
    pieces = re.split(r"Compiling entry function '(\w+)'", log)
    for name, text in zip(pieces[1::2], pieces[2::2]):
        stack, spilled = map(int, re.search(
            r"(\d+) bytes stack frame, (\d+) bytes spill stores", text).groups())
        local = re.search(r"(\d+) bytes smem", text)
        kernels.append(Kernel(
            name=name, registers=int(re.search(r"Used (\d+) registers", text)[1]),
            spill_nbytes=spilled, private_nbytes=max(stack - spilled, 0),
            local_nbytes=int(local[1]) if local else 0, loop=by_kernel.get(name)))
    warnings = [line for line in log.splitlines() if "warning" in line.lower()]
    return kernels, said + "\n".join(warnings)
