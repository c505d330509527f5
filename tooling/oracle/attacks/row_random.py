"""The library's counter-based draws for rows, computed independently (packages/core/src/random): Threefry-2x32-20 keyed by names and numbers."""

import math
import statistics

import numpy
import torch

MASK = 0xFFFFFFFF
ROTATIONS = [[13, 15, 26, 6], [17, 29, 16, 24]]


def threefry(key, counter):
    """Salmon et al. 2011."""
    keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDA]
    a, b = (counter[0] + keys[0]) & MASK, (counter[1] + keys[1]) & MASK
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            a = (a + b) & MASK
            b = ((b << rotation | b >> (32 - rotation)) & MASK) ^ a
        a = (a + keys[(group + 1) % 3]) & MASK
        b = (b + keys[(group + 2) % 3] + group + 1) & MASK
    return a, b


def name_key(seed, *names):
    key = (seed & MASK, seed >> 32)
    for name in names:
        key = threefry(key, (len(name), len(names)))
        units = [ord(c) for c in name] + [0, 0, 0]
        for i in range(0, len(name), 4):
            key = threefry(key, (units[i] | units[i + 1] << 16, units[i + 2] | units[i + 3] << 16))
    return key


class RowRandom:
    """Draws for examples 0, 1, ... without lanes, at step 0 of training."""

    def __init__(self, seed, scope, rows):
        self.seed, self.scope, self.rows, self.counter = seed, scope, rows, 0

    def words(self, purpose, count):
        stream = threefry(name_key(self.seed, "rows", self.scope, purpose), (0, 0))
        stream = threefry(stream, (self.counter, 0))
        for row in range(self.rows):
            key = threefry(stream, (row, 0))
            pairs = [threefry(key, (block, 0)) for block in range((count + 1) // 2)]
            yield [word for pair in pairs for word in pair][:count]

    def uniform(self, purpose, per_row, low, high):
        count = math.prod(per_row)
        values = [[numpy.float32(low + word * (high - low) * 2**-32) for word in row] for row in self.words(purpose, count)]
        below_high = numpy.nextafter(numpy.float32(high), numpy.float32(low))
        return torch.tensor(numpy.minimum(values, below_high), dtype=torch.float64).reshape(self.rows, *per_row)

    def normal(self, purpose, per_row):
        quantile = statistics.NormalDist().inv_cdf
        values = [[numpy.float32(quantile((word + 0.5) * 2**-32)) for word in row] for row in self.words(purpose, math.prod(per_row))]
        return torch.tensor(numpy.array(values), dtype=torch.float64).reshape(self.rows, *per_row)
