"""The cards whose compilers are asked, and what of a card the figures depend on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A kind of card. A unit is what a work-group runs on: a compute unit of AMD's, a
    multiprocessor of NVIDIA's, a (dual) subslice of Intel's. Sources: AMD's instruction set
    manuals and LLVM's AMDGPU guide; the table of compute capabilities in NVIDIA's programming
    guide and its architecture papers; Intel's programmer's reference manuals."""

    name: str  # as its compiler calls it
    vendor: str
    card: str  # one that people have
    waves: int  # of a scheduler at most
    schedulers: int  # of a unit: SIMDs, partitions, EUs
    lanes: int  # of a wave; 0: the compiler chooses
    groups: int  # of a unit at most; 0: as many as there are waves
    local_nbytes: int  # of a unit
    mads: int  # multiply-adds that a unit makes in a cycle, in lanes
    mads_of_slot: float  # of a lane, that a slot (kernels.Loop) can make at most: two where
    # an instruction can have a pair, half where two are issued while one multiplies
    words: int  # of 4 bytes that a unit's load units take in a cycle, in lanes
    local_words: int  # the same of local memory
    registers: int = 0  # of a unit, in lanes of 4 bytes; 0: the compiler tells the waves


KIB = 1024

TARGETS = [
    Target("skl", "intel", "Gen9, HD 530", 7, 8, 0, 0, 64 * KIB, 64, 1, 16, 16),
    Target("tgllp", "intel", "Gen12, Iris Xe", 7, 16, 0, 0, 64 * KIB, 128, 1, 32, 32),
    Target("dg2", "intel", "Arc A770", 8, 16, 0, 0, 128 * KIB, 128, 1, 32, 32),
    Target("sm_60", "nvidia", "P100", 32, 2, 32, 32, 64 * KIB, 64, 1, 32, 32, 65536),
    Target("sm_75", "nvidia", "RTX 2080", 8, 4, 32, 16, 64 * KIB, 64, 0.5, 16, 32, 65536),
    Target("sm_90", "nvidia", "H100", 16, 4, 32, 32, 228 * KIB, 128, 1, 32, 32, 65536),
    Target("gfx906", "amd", "Radeon VII", 10, 4, 64, 0, 64 * KIB, 64, 1, 16, 32),
    Target("gfx90a", "amd", "MI210", 8, 4, 64, 0, 64 * KIB, 128, 2, 16, 32),
    Target("gfx1030", "amd", "RX 6800", 16, 2, 32, 0, 64 * KIB, 64, 1, 32, 32),
    Target("gfx1100", "amd", "RX 7900", 16, 2, 32, 0, 64 * KIB, 128, 2, 32, 32),
]

# What every target and every device of OpenCL 1.2 that amkd speaks of has: beyond it a
# program does not run everywhere.
OLDEST_LOCAL_NBYTES = 32 * KIB
OLDEST_GROUP = 256
