"""Intel by ocloc, which has the compiler of its driver; its assembly by ocloc, too."""

import os
import re
import shutil
from pathlib import Path

from kernels import Kernel, Loop, Missing, hottest, loops_by_jumps, run

# What ocloc disassembles with, under a name that Debian's package does not have.
DISASSEMBLER = Path("/usr/lib/x86_64-linux-gnu/libiga64.so.1")

REGISTER_NBYTES = 32


def version() -> str:
    if not shutil.which("ocloc"):
        raise Missing("ocloc (intel-opencl-icd)")
    return "ocloc " + run("dpkg-query", "-W", "-f", "${Version}", "intel-opencl-icd")


def count(line: str, loop: Loop) -> None:
    """An instruction takes the arithmetic unit for as many cycles as its lanes need, eight
    at a time, one at least. send is what loads and stores."""
    found = re.match(r"(?:\([^)]*\))?\s*(\w+)(?:\.\w+)*\s+\((\d+)\|M\d+\)", line)
    if not found or found[1] in ("nop", "sync"):
        return
    name, lanes = found[1], int(found[2])
    loop.count += 1
    slots = max(lanes / 8, 1)
    if name.startswith("send"):
        read = re.search(r"rd:(\d+)", line)
        words = max(int(read[1]) * 8 / lanes, 1) if read and lanes > 1 else 1
        which = "local_words" if re.search(r"\bslm\b", line) else "words"
        setattr(loop, which, getattr(loop, which) + words)
        return
    loop.slots += slots
    if name == "mad" and ":f" in line:
        loop.mads += slots
    loop.wide += bool(re.search(r">:u?q\b", line)) or name == "addc"


def compile_program(target, program: Path, folder: Path) -> tuple[list[Kernel], str]:
    folder = folder / program.stem
    text = folder / "text"
    text.mkdir(parents=True)
    said = run("ocloc", "compile", "-file", program, "-device", target.name, "-options",
               "-cl-std=CL1.2", "--format", "zebin", "-output", "x", "-out_dir", folder)
    (folder / "libiga64.so").symlink_to(DISASSEMBLER)
    run("ocloc", "disasm", "-file", next(folder.glob("*.bin")), "-dump", text, "-device",
        target.name, env=os.environ | {"LD_LIBRARY_PATH": str(folder)})
    kernels = []
    info = (text / ".ze_info").read_text().split("kernels_misc_info:")[0]
    for piece in info.split("\n  - name:")[1:]:
        name = piece.split()[0]
        lanes = int(re.search(r"simd_size:\s+(\d+)", piece)[1])
        spilled = re.search(rf"kernel {name}\s.*spilled around (\d+)", said)
        private = re.search(r"type:\s+scratch\n.*\n\s+size:\s+(\d+)", piece)
        local = re.search(r"slm_size:\s+(\d+)", piece)
        assembly = text / f".text.{name}.asm"
        kernels.append(Kernel(
            name=name, registers=int(re.search(r"grf_count:\s+(\d+)", piece)[1]),
            spill_nbytes=int(spilled[1]) * REGISTER_NBYTES // lanes if spilled else 0,
            private_nbytes=int(private[1]) // lanes if private and not spilled else 0,
            local_nbytes=int(local[1]) if local else 0, lanes=lanes,
            loop=hottest(loops_by_jumps(assembly.read_text().splitlines(), r"^(L\d+):",
                                        r"\b(?:while|jmpi|goto)\b.*?\b(L\d+)"), count)
            if assembly.exists() else None))
    # Spills are in the table.
    warnings = [line for line in said.splitlines()
                if "warning" in line.lower() and "spill" not in line]
    return kernels, "\n".join(warnings)
