"""What a compiler made of a program: its kernels, and the loop in which each spends its time."""

import re
import subprocess
from dataclasses import dataclass


class CompileError(Exception):
    """What the compiler said."""


class Missing(Exception):
    """A program or a file that is not installed, or does not know a target."""


@dataclass
class Loop:
    """The instructions of an innermost loop, once around."""

    mads: float = 0  # multiply-adds of a lane
    slots: float = 0  # of the arithmetic units (AMD, Intel) or of the scheduler (NVIDIA)
    words: float = 0  # of 4 bytes that a lane reads or writes, through caches
    local_words: float = 0  # and of local memory
    wide: int = 0  # additions with carry: the upper halves of addresses of 64 bits
    count: int = 0  # all instructions


@dataclass
class Kernel:
    name: str
    registers: int
    spill_nbytes: int  # of a lane
    private_nbytes: int  # arrays that found no registers
    local_nbytes: int
    waves: int = 0  # of a scheduler for which there are registers; 0: all
    lanes: int = 0  # of a wave, where the compiler chose
    loop: Loop | None = None  # None: it has none, or nothing to disassemble it


def run(*command, **options) -> str:
    """stdout and stderr of a compiler that must succeed."""
    done = subprocess.run([str(word) for word in command], text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace", **options)
    if done.returncode:
        raise CompileError(done.stdout.strip() or f"{command[0]}: {done.returncode}")
    return done.stdout


def loops_by_jumps(lines: list[str], label: str, jump: str) -> list[list[str]]:
    """The loops that no other loop is in: from a label to a jump back to it. label and jump are
    patterns with one group, the place."""
    places = {}
    for number, line in enumerate(lines):
        if found := re.search(label, line):
            places[found[1]] = number
    spans = [(places[found[1]], number) for number, line in enumerate(lines)
             if (found := re.search(jump, line)) and places.get(found[1], number + 1) <= number]
    return [lines[first:last + 1] for first, last in spans
            if not any(first <= a and b <= last and (a, b) != (first, last) for a, b in spans)]


def hottest(loops: list[list[str]], count) -> Loop | None:
    """The one with most multiply-adds. count(line, loop) adds an instruction."""
    best = None
    for lines in loops:
        loop = Loop()
        for line in lines:
            count(line, loop)
        if loop.mads and (not best or loop.mads > best.mads):
            best = loop
    return best
