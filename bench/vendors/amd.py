"""AMD by LLVM's own back end: clang to assembly, which says what a kernel takes."""

import re
import shutil
from pathlib import Path

from kernels import Kernel, Loop, Missing, hottest, run

LIBRARY = Path("/usr/lib/clc/amdgcn--amdhsa.bc")
FLAGS = ["-x", "cl", "-cl-std=CL1.2", "-O3", "-Wall", "-Wno-unused-function",
         "-Wno-linker-warnings", "-S"]


def version() -> str:
    if not shutil.which("clang-19") or not LIBRARY.exists():
        raise Missing("clang-19 and libclc")
    return run("clang-19", "--version").splitlines()[0]


def count(line: str, loop: Loop) -> None:
    """v_ instructions take a slot of the vector unit. The others are issued beside them, for
    other waves."""
    found = re.match(r"\s+([vsdgfb]\w+?_\w+)", line)
    if not found:
        return
    name = found[1]
    loop.count += 1
    if name.startswith("v_"):
        loop.slots += 1
        loop.mads += len(re.findall(r"v_(?:dual_)?(?:fma|fmac|mac|mad)(?:ak|mk)?_f32", line))
        loop.mads += 2 * len(re.findall(r"v_pk_fma_f32", line))
        loop.wide += name.startswith(("v_addc_", "v_add_co_ci", "v_lshlrev_b64",
                                      "v_lshl_add_u64"))
    width = re.search(r"(?:dword|b(?:32|64|96|128))(x[234])?", name)
    words = {"x2": 2, "x3": 3, "x4": 4}.get(width[1] or "", 1) if width else 1
    for bits, n in (("b64", 2), ("b96", 3), ("b128", 4)):
        words = n if bits in name else words
    if name.startswith(("global_", "flat_", "buffer_")):
        loop.words += words
    if name.startswith("ds_"):
        loop.local_words += words


def inner_loops(lines: list[str]) -> list[list[str]]:
    """As LLVM's comments behind the labels of blocks have them."""
    blocks: dict[str, list[str]] = {}
    inner, header = set(), None
    for line in lines:
        if found := re.match(r"(?:\.L|; %)(bb[\d_.]+):", line, flags=re.I):
            named = re.search(r"in Loop: Header=(BB\w+)", line)
            header = named[1] if named else found[1]
        if "This Inner Loop Header" in line and header:
            inner.add(header)
        if header:
            blocks.setdefault(header, []).append(line)
    return [blocks[name] for name in inner]


def number(text: str, pattern: str) -> int:
    return int(re.search(pattern, text)[1])


def compile_program(target, program: Path, folder: Path) -> tuple[list[Kernel], str]:
    """Its kernels, and the warnings."""
    path = folder / (program.stem + ".s")
    said = run("clang-19", *FLAGS, "-target", "amdgcn-amd-amdhsa", f"-mcpu={target.name}",
               "-nogpulib", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", LIBRARY,
               "-o", path, program)
    text = path.read_text()
    kernels = []
    bodies = re.split(r"^(\w+):\s+; @\w+$", text, flags=re.M)
    for name, body in zip(bodies[1::2], bodies[2::2]):
        if f".amdhsa_kernel {name}\n" not in text:
            continue
        meta = re.search(rf"\.name:\s+{name}\n(?:    \S.*\n|      .*\n)*", text)[0]
        spilled = number(meta, r"\.vgpr_spill_count:\s+(\d+)") * 4
        scratch = number(body, r"; ScratchSize: (\d+)")
        kernels.append(Kernel(
            name=name, registers=number(meta, r"\.vgpr_count:\s+(\d+)"),
            spill_nbytes=spilled, private_nbytes=max(scratch - spilled, 0),
            local_nbytes=number(body, r"\.amdhsa_group_segment_fixed_size (\d+)"),
            waves=number(body, r"; Occupancy: (\d+)"),
            loop=hottest(inner_loops(body.splitlines()), count)))
    return kernels, said
