"""What the compilers found, as rows: one for each kernel of a target, over all programs that
have it."""

from dataclasses import dataclass, field
from math import ceil

from kernels import Kernel, Loop
from targets import OLDEST_GROUP, OLDEST_LOCAL_NBYTES, Target

# Whose loops are most of the work of a network. They must not spill.
HOT = ("conv", "dense_", "depthwise", "grouped", "winograd", "sweep_fused")

# Of these, arrays that lie in memory and are known to: bytes of a work-item, by vendor and
# kernel. Intel's Gen9 and Gen12 have too few registers for the sums, which Winograd's two then
# pay with their advantage; the other two run once a layer.
KNOWN_PRIVATE = {("intel", "conv_forward"): 128, ("intel", "winograd_lockstep_maps"): 1024,
                 ("intel", "winograd_lockstep_gradient"): 1024,
                 ("nvidia", "winograd_kernels"): 104, ("nvidia", "winograd_collect"): 144}


@dataclass
class Found:
    """A kernel of a program, on a target, as it is launched."""

    target: Target
    program: str  # its file
    kernel: Kernel
    group: int  # work-items, the most of all launches; 0: it was not launched
    argument_nbytes: int = 0  # of local memory, as arguments

    @property
    def hot(self) -> bool:
        return self.program.startswith(HOT)

    @property
    def local_nbytes(self) -> int:
        return self.kernel.local_nbytes + self.argument_nbytes


def waves(found: Found) -> int:
    """Waves of a scheduler at a time: as many as registers, local memory and the number of
    work-groups allow, which are launched as they were, one tile side by side."""
    target, kernel = found.target, found.kernel
    lanes = kernel.lanes or target.lanes
    of_group = ceil((found.group or lanes) / lanes)
    most = [target.waves]
    if target.groups:
        most.append(target.groups * of_group / target.schedulers)
    if kernel.waves:
        most.append(kernel.waves)
    if target.registers:
        wave = ceil(kernel.registers * lanes / 256) * 256
        most.append(target.registers // wave / target.schedulers)
    if found.local_nbytes:
        groups = target.local_nbytes // found.local_nbytes
        most.append(groups * of_group / target.schedulers)
    return max(int(min(most)), 1)


def filled(found: Found) -> float:
    """The part of its waves' lanes that a work-group has work-items for."""
    lanes = found.kernel.lanes or found.target.lanes
    return found.group / (ceil(found.group / lanes) * lanes)


@dataclass
class Share:
    """Of a card's peak, what the inner loop could reach if nothing was ever waited for, by
    what it issues and by what it loads. It is an upper bound out of counts of instructions,
    and no measurement: caches, latencies, tails and what is around the loop are not in it."""

    issue: float
    loads: float
    local: float

    @property
    def least(self) -> float:
        return min(self.issue, self.loads, self.local)


def share_of(target: Target, loop: Loop) -> Share:
    """issue: multiply-adds over those that the slots of all instructions of the loop could
    have been. loads, local: over those that a unit makes while its load units move the words
    of the loop."""
    def bound(words: float, per_cycle: int) -> float:
        return min(1, loop.mads * per_cycle / (words * target.mads)) if words else 1
    return Share(min(1, loop.mads / (loop.slots * target.mads_of_slot)),
                 bound(loop.words, target.words), bound(loop.local_words, target.local_words))


def faults(found: Found) -> list[str]:
    """What must not be."""
    kernel, out = found.kernel, []
    where = f"{found.target.name}: {found.program}: {kernel.name}"
    if found.hot and kernel.spill_nbytes:
        out.append(f"{where}: spills {kernel.spill_nbytes} bytes of a work-item")
    known = KNOWN_PRIVATE.get((found.target.vendor, kernel.name), 0)
    if found.hot and kernel.private_nbytes > known:
        out.append(f"{where}: {kernel.private_nbytes} bytes of a work-item's arrays are in "
                   "memory")
    if found.local_nbytes > OLDEST_LOCAL_NBYTES:
        out.append(f"{where}: {found.local_nbytes} bytes of local memory, "
                   f"at most {OLDEST_LOCAL_NBYTES} are everywhere")
    if found.group > OLDEST_GROUP:
        out.append(f"{where}: a work-group of {found.group}, at most {OLDEST_GROUP} "
                   "are everywhere")
    return out


@dataclass
class Row:
    target: Target
    name: str
    all: list[Found] = field(default_factory=list)


def span(values, form="{:g}") -> str:
    """"54-74", or "54"."""
    least, most = form.format(min(values)), form.format(max(values))
    return least if least == most else f"{least}-{most}"


def cells(row: Row) -> list[str]:
    kernels = [found.kernel for found in row.all]
    launched = [found for found in row.all if found.group]
    groups = [found.group for found in launched]
    loops = [kernel.loop for kernel in kernels if kernel.loop]
    shares = [share_of(row.target, loop) for loop in loops]
    return [row.target.name, row.name, str(len(row.all)),
            span([kernel.registers for kernel in kernels]),
            str(max(kernel.spill_nbytes for kernel in kernels)),
            str(max(kernel.private_nbytes for kernel in kernels)),
            str(max(found.local_nbytes for found in row.all)),
            span(groups) if groups else "-",
            span([waves(found) for found in row.all]) + f"/{row.target.waves}",
            span([kernel.lanes or row.target.lanes for kernel in kernels]),
            span([filled(found) for found in launched], "{:.2f}") if groups else "-",
            span([loop.mads / loop.slots for loop in loops], "{:.2f}") if loops else "-",
            span([loop.wide for loop in loops]) if loops else "-",
            span([share.issue for share in shares], "{:.2f}") if loops else "-",
            span([share.loads for share in shares], "{:.2f}") if loops else "-",
            span([share.least for share in shares], "{:.2f}") if loops else "-"]


HEAD = ["target", "kernel", "programs", "registers", "spills", "private", "local", "group",
        "waves", "lanes", "filled", "mads/slot", "wide", "issue", "loads", "share"]


def lay_out(rows: list[list[str]]) -> str:
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) if c < 2 else cell.rjust(width)
                               for c, (cell, width) in enumerate(zip(row, widths))).rstrip()
                     for row in rows)


def table(everything: list[Found], each: bool) -> str:
    """each: a row for every program in place of one for all that have the kernel."""
    rows: dict[tuple, Row] = {}
    for found in everything:
        key = (found.target.name, found.kernel.name, found.program if each else "")
        name = f"{found.kernel.name} {found.program}" if each else found.kernel.name
        rows.setdefault(key, Row(found.target, name)).all.append(found)
    return lay_out([HEAD] + [cells(row) for row in rows.values()])
