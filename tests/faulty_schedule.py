"""The schedule of faulty_front.py: which fault is for which request."""

import math
import random
import re

FAULTS = {  # name: (fewest arguments, most arguments)
    "pass": (0, 0), "drop": (0, 0), "reset": (0, 0), "status": (1, 2),
    "redirect": (1, 2), "garbage": (0, 0), "stall": (1, 1), "stall-drop": (1, 1),
    "drop-after": (0, 0), "late": (1, 1), "stall-after": (1, 1), "cut": (0, 1),
    "cut-head": (0, 0), "slow": (1, 1), "truncate": (0, 0), "nan": (0, 0),
    "infinite": (0, 0), "count": (1, 1), "length": (1, 1),
    "odd": (1, 1),
}


class Rule:
    """One FAULT[@WHEN] of the command line."""

    def __init__(self, text, index):
        spec, _, when = text.rpartition("@") if "@" in text else (text, "", "")
        self.index = index
        self.fault, *rest = spec.split(":")
        if self.fault == "redirect":  # a URL has colons of its own
            self.arguments = re.fullmatch(r"redirect:(.*?)(?::(30[12378]))?", spec).groups()
            self.arguments = [a for a in self.arguments if a is not None]
        else:
            self.arguments = rest
        fewest, most = FAULTS.get(self.fault, (1, 0))
        if not fewest <= len(self.arguments) <= most:
            raise ValueError(f"'{text}' is not a fault, or has too few or many arguments")
        self.takes = self.parse_when(when, text)

    def parse_when(self, when, text):
        if not when:
            return lambda number, seed: True
        if match := re.fullmatch(r"%(\d+)", when):
            every = int(match[1])
            return lambda number, seed: number % every == 0
        if match := re.fullmatch(r"(\d+)(?:(-)(\d*))?", when):
            first = int(match[1])
            last = (int(match[3]) if match[3] else math.inf) if match[2] else first
            return lambda number, seed: first <= number <= last
        if match := re.fullmatch(r"p([0-9.]+)", when):
            chance = float(match[1])
            return lambda number, seed: random.Random(
                f"{seed} {self.index} {number}").random() < chance
        raise ValueError(f"'{text}': '{when}' is not a WHEN")
