"""What a step takes over a network: T = own + exchanges x latency + bytes / rate."""

from dataclasses import dataclass
from math import log2


@dataclass(frozen=True)
class Network:
    latency: float  # seconds, one way
    rate: float  # bytes a second, each way at the same time

    def __str__(self) -> str:
        return f"{1e3 * self.latency:g} ms, {8e-6 * self.rate:g} Mbit/s"


@dataclass(frozen=True)
class Model:
    """Of two ranks."""

    own: float  # seconds without a network
    exchanges: float  # times that a step waits for the latency
    nbytes: float  # that a step waits for at the rate

    def seconds(self, network: Network) -> float:
        return self.own + self.exchanges * network.latency + self.nbytes / network.rate


def fit(measured: dict[Network, float]) -> Model:
    """Through three networks: a quick one, one of another latency, one of another rate."""
    (quick, quick_seconds), (far, far_seconds), (slow, slow_seconds) = measured.items()
    # T - quick_seconds = exchanges x (latency's difference) + nbytes x (1 / rate's)
    a, b = far.latency - quick.latency, 1 / far.rate - 1 / quick.rate
    c, d = slow.latency - quick.latency, 1 / slow.rate - 1 / quick.rate
    e, f = far_seconds - quick_seconds, slow_seconds - quick_seconds
    determinant = a * d - b * c
    exchanges, nbytes = (e * d - b * f) / determinant, (a * f - e * c) / determinant
    own = quick_seconds - exchanges * quick.latency - nbytes / quick.rate
    return Model(own, exchanges, nbytes)


def summed_nbytes(nparameters: int, nranks: int, nslices: int) -> float:
    """What a rank sends of a step's gradients, and gets at the same time, where it has
    nslices slices of its own (libcore/team/team.h, amkd_team_sum)."""
    return 4 * (nslices + 1) * nparameters * (nranks - 1) / nranks


def efficiency(model: Model, network: Network, nranks: int, nparameters: int,
               own: float) -> float:
    """Of nranks devices that compute for own seconds a step, one slice each."""
    exchanges = model.exchanges * log2(nranks)
    nbytes = summed_nbytes(nparameters, nranks, 1)
    return own / (own + exchanges * network.latency + nbytes / network.rate)
