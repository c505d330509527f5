"""SimBA on the smooth net with the library's draws, as the paper's loop over directions, one example at a time."""

import math

import torch

from balls import HIGH, LOW, project
from fixture_file import write
from losses import cross_entropy
from row_random import RowRandom
from smooth_net import SmoothNet, examples, well_conditioned

SEED, QUERIES, KEPT = 7, 400, (0, 1, 2, 20, 150, 399)


def pixel(index, shape):
    direction = torch.zeros(math.prod(shape), dtype=torch.float64)
    direction[index] = 1
    return direction.reshape(shape)


def cosine_wave(index, shape):
    """The orthonormal discrete cosine transform's basis image of vertical frequency u, horizontal frequency v in one channel."""
    h, w, c = shape
    u, v, channel = index // (w * c), index // c % w, index % c
    wave = lambda k, n: [math.sqrt((1 if k == 0 else 2) / n) * math.cos(math.pi * (2 * i + 1) * k / (2 * n)) for i in range(n)]
    direction = torch.zeros(h, w, c, dtype=torch.float64)
    direction[:, :, channel] = torch.outer(torch.tensor(wave(u, h)).double(), torch.tensor(wave(v, w)).double())
    return direction


def level(index, shape, lowest):
    """0 for the lowest frequencies, then one more for every further 32nd of an axis."""
    h, w, c = shape
    frequency = max(index // (w * c) / h, index // c % w / w)
    return 0 if frequency < lowest else 1 + math.floor((frequency - lowest) * 32)


def orders(rng, shape, rows, basis, lowest):
    """The order of all directions for each example, one permutation after the other."""
    size = math.prod(shape)
    found = [[] for _ in range(rows)]
    for turn in range(math.ceil(QUERIES / size)):
        draws = rng.uniform(f"order {turn}", [size], 0, 1)
        for i in range(rows):
            key = lambda index: float(draws[i, index]) + (level(index, shape, lowest) if basis == "dct" else 0)
            found[i] += sorted(range(size), key=key)
    return found


def search(net, x, y, norm, epsilon, step, order, basis):
    value = lambda point: float(cross_entropy(net(point[None]), y[None])[0])
    place = lambda point: project(point[None], x[None], epsilon, norm)[0]
    best, highest, asked = x, value(x), []
    for index in order:
        direction = (pixel if basis == "pixel" else cosine_wave)(index, x.shape).to(x.dtype)
        for sign in (-1, 1):
            point = place(best + sign * step * direction)
            asked.append(point)
            if value(point) > highest:
                best, highest = point, value(point)
                break
    return asked[:QUERIES]


def run(seed, dtype, basis, norm, epsilon, step, lowest):
    x, y = examples(net, 3, seed)
    rng = RowRandom(SEED, "simba", 3)
    order = orders(rng, x.shape[1:], 3, basis, lowest)
    paths = [search(net.to(dtype), x[i].to(dtype), y[i], norm, epsilon, step, order[i], basis) for i in range(3)]
    points = {k: torch.stack([path[k] for path in paths]) for k in KEPT}
    return {"basis": basis, "norm": norm, "epsilon": epsilon, "step": step, "lowest": lowest, "x": x, "y": y, "points": points}


net = SmoothNet(seed=1)
runs = [
    well_conditioned(lambda seed, dtype: run(seed, dtype, basis, norm, epsilon, step, lowest))
    for basis, norm, epsilon, step, lowest in (
        ("pixel", "l2", 1.0, 0.2, 1.0),
        ("dct", "l2", 1.0, 0.2, 0.4),
        ("pixel", "linf", 0.1, 0.2, 1.0),
        ("dct", "linf", 0.1, 0.2, 0.125),
    )
]
print([(one["basis"], one["norm"], one["seed"]) for one in runs])
write("simba.json", {"weights": net.weights(), "queries": QUERIES, "seed": SEED, "runs": runs})
