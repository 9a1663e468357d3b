"""A network of two machines on one: two network namespaces, and between them a wire of a delay
and a rate, which every packet is held back for. Nothing is lost. Wants root.

What Linux has for this, the queueing discipline netem, is missing from many kernels."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

NAMES = ("amkd-bench-1", "amkd-bench-2")  # of namespaces, and of the interfaces in them
ADDRESSES = ("10.77.0.1", "10.77.0.2")
MTU = 60000  # bytes: every packet costs the forwarder the same

# linux/if_tun.h
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def new_end(name: str, address: str) -> int:
    """What is written into the file comes out of the namespace's interface, and what goes
    into that is read."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    ip("netns", "add", name)
    ip("link", "set", name, "netns", name)
    ip("-n", name, "link", "set", "lo", "up")
    ip("-n", name, "addr", "add", f"{address}/24", "dev", name)
    ip("-n", name, "link", "set", name, "mtu", str(MTU), "txqueuelen", "10000", "up")
    return end


def read_packets(end: int) -> list[bytes]:
    packets = []
    try:
        while True:
            packets.append(os.read(end, MTU))
    except BlockingIOError:
        return packets


def forward(ends: list[int], delay: float, rate: float) -> None:
    """For ever. delay: seconds; rate: bytes a second of each direction."""
    queues: list[deque[tuple[float, bytes]]] = [deque(), deque()]  # when, and what arrives
    idle = [0.0, 0.0]  # since when nothing is on the wire
    while True:
        first = min((queue[0][0] for queue in queues if queue), default=None)
        wait = None if first is None else max(0.0, first - time.monotonic())
        for end in select.select(ends, [], [], wait)[0]:
            way = ends.index(end)
            now = time.monotonic()
            for packet in read_packets(end):
                idle[way] = max(idle[way], now) + len(packet) / rate
                queues[way].append((idle[way] + delay, packet))
        for way, queue in enumerate(queues):
            while queue and queue[0][0] <= time.monotonic():
                os.write(ends[1 - way], queue.popleft()[1])


class NoLink(Exception):
    """Why none can be made here."""


class Link:
    """With it the namespaces are there; the forwarder is a process of its own."""

    def __init__(self, delay: float, rate: float):
        self.process = subprocess.Popen([sys.executable, __file__, str(delay), str(rate)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)

    def __enter__(self) -> "Link":
        if self.process.stdout.readline() != "up\n":
            self.__exit__()
            raise NoLink(self.process.stderr.read().strip().splitlines()[-1])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        for name in NAMES:
            if Path("/run/netns", name).exists():
                ip("netns", "del", name)

    @staticmethod
    def sent_nbytes() -> int:
        """By the first of the two, so far."""
        shown = subprocess.run(["ip", "netns", "exec", NAMES[0], "cat", "/proc/net/dev"],
                               check=True, capture_output=True, text=True).stdout
        for line in shown.splitlines():
            name, _, counts = line.partition(":")
            if name.strip() == NAMES[0]:
                return int(counts.split()[8])
        sys.exit(f"bench/ranks: no interface '{NAMES[0]}'")


if __name__ == "__main__":
    both = [new_end(*end) for end in zip(NAMES, ADDRESSES)]
    print("up", flush=True)
    forward(both, float(sys.argv[1]), float(sys.argv[2]))
