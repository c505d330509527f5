"""C&W (L2) and EAD on the smooth net, written from the papers: a penalty for the missing margin, its weight searched per example.

Every number is kept per example, so the fixture also says when each example ends.
"""

import torch

from balls import HIGH, LOW
from fixture_file import write
from smooth_net import SmoothNet, column, examples, flat, gradient, well_conditioned

SEARCHES, STEPS, KEPT = 3, 60, (0, 1, 5, 20, 60, 61, 100, 140)
FIRST_WEIGHT = 0.1


def missing_lead(logits, y, confidence):
    others = logits.clone()
    others.scatter_(1, y[:, None], -float("inf"))
    lead = logits.gather(1, y[:, None])[:, 0] - others.max(1)[0]
    return torch.relu(lead + confidence)


def wins(logits, y, confidence):
    handicap = torch.zeros_like(logits).scatter_(1, y[:, None], confidence)
    return (logits + handicap).argmax(1) != y


class Search:
    """Weight of the penalty per example: times ten until enough, then bisection."""

    def __init__(self, n, dtype):
        self.weight = torch.full((n,), FIRST_WEIGHT, dtype=dtype)
        self.lower, self.upper = torch.zeros(n, dtype=dtype), torch.full((n,), 1e10, dtype=dtype)

    def advance(self, solved):
        self.upper = torch.where(solved, torch.minimum(self.upper, self.weight), self.upper)
        self.lower = torch.where(solved, self.lower, torch.maximum(self.lower, self.weight))
        bounded = self.upper < 1e10
        self.weight = torch.where(bounded, (self.lower + self.upper) / 2, self.weight * 10)


def cw(net, x, y, rate, confidence):
    n, dtype = x.shape[0], x.dtype
    w0 = torch.atanh((2 * x - 1) * 0.999999)
    search, visited, closest, ended = Search(n, dtype), [], torch.full((n,), float("inf"), dtype=dtype), []
    for _ in range(SEARCHES):
        w, m, v = w0.clone(), torch.zeros_like(w0), torch.zeros_like(w0)
        since = torch.full((n,), STEPS)
        running, last, end = torch.ones(n, dtype=torch.bool), torch.full((n,), float("inf"), dtype=dtype), torch.full((n,), STEPS)
        for step in range(STEPS):
            variable = w.clone().requires_grad_(True)
            adv = (torch.tanh(variable) + 1) / 2
            logits = net(adv)
            distance = flat(adv - x).square().sum(1)
            objective = search.weight * missing_lead(logits, y, confidence) + distance
            g = torch.autograd.grad(objective.sum(), variable)[0]
            adv, objective, distance = adv.detach(), objective.detach(), distance.detach()
            visited.append(adv)
            hit = wins(logits.detach(), y, confidence) & running
            closest = torch.where(hit, torch.minimum(closest, distance.sqrt()), closest)
            since = torch.where(hit, torch.zeros_like(since), torch.where(running, since + 1, since))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            change = rate * (m / (1 - 0.9 ** (step + 1))) / ((v / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8)
            w = torch.where(column(running, w), w - change, w)
            if step % (STEPS // 10) == 0:
                stalled = running & (objective > 0.9999 * last)
                end = torch.where(stalled, torch.full_like(end, step + 1), end)
                running, last = running & ~stalled, objective
        ended.append(end)
        # Fooled where it came to rest, and not only on the way.
        search.advance(since < STEPS // 20)
    return {"points": {k: visited[k] for k in KEPT}, "closest": closest, "ended": torch.stack(ended), "weight": search.weight}


def ead(net, x, y, rate, confidence, beta):
    n, dtype = x.shape[0], x.dtype
    search, visited, ended = Search(n, dtype), [], []
    infinite = torch.full((n,), float("inf"), dtype=dtype)
    closest_l1, closest_l2, best_net, best = infinite, infinite, infinite, x
    for _ in range(SEARCHES):
        point, ahead, solved = x, x, torch.zeros(n, dtype=torch.bool)
        running, last, end = torch.ones(n, dtype=torch.bool), infinite, torch.full((n,), STEPS)
        for k in range(STEPS):
            penalty = lambda z: search.weight * missing_lead(z, y, confidence)
            g = gradient(net, ahead, penalty)[0] + 2 * (ahead - x)
            moved = ahead - rate * (1 - k / STEPS) ** 0.5 * g
            offset = torch.sign(moved - x) * ((moved - x).abs() - beta).clamp(min=0)
            new = (x + offset).clamp(LOW, HIGH)
            logits = net(new)
            visited.append(new)
            l1, l2 = flat(new - x).abs().sum(1), flat(new - x).square().sum(1)
            elastic = l2 + beta * l1
            hit = wins(logits, y, confidence) & running
            closest_l1 = torch.where(hit, torch.minimum(closest_l1, l1), closest_l1)
            closest_l2 = torch.where(hit, torch.minimum(closest_l2, l2.sqrt()), closest_l2)
            better = hit & (elastic < best_net)
            best_net, best = torch.where(better, elastic, best_net), torch.where(column(better, x), new, best)
            solved |= hit
            next_ahead = new + k / (k + 3) * (new - point)
            point = torch.where(column(running, x), new, point)
            ahead = torch.where(column(running, x), next_ahead, ahead)
            if k % (STEPS // 10) == 0:
                objective = search.weight * missing_lead(logits, y, confidence) + elastic
                stalled = running & (objective > 0.9999 * last)
                end = torch.where(stalled, torch.full_like(end, k + 1), end)
                running, last = running & ~stalled, objective
        ended.append(end)
        search.advance(solved)
    return {
        "points": {k: visited[k] for k in KEPT},
        "closest_l1": closest_l1,
        "closest_l2": closest_l2,
        "best": best,
        "ended": torch.stack(ended),
    }


net = SmoothNet(seed=1)


def run(seed, dtype, confidence, method):
    x, y = examples(net, 3, seed)
    return {"confidence": confidence, "x": x, "y": y, **method(net.to(dtype), x.to(dtype), y, confidence)}


CW_RATE, EAD_RATE, BETA = 0.05, 0.05, 0.01
methods = {
    "cw": lambda *args: cw(*args[:3], CW_RATE, args[3]),
    "ead": lambda *args: ead(*args[:3], EAD_RATE, args[3], BETA),
}
content = {"weights": net.weights(), "searches": SEARCHES, "steps": STEPS, "first_weight": FIRST_WEIGHT}
content |= {"cw_rate": CW_RATE, "ead_rate": EAD_RATE, "beta": BETA}
for name, method in methods.items():
    content[name] = [well_conditioned(lambda seed, dtype: run(seed, dtype, confidence, method), tolerance=4e-6) for confidence in (0.0, 0.5)]
    print(name, [(one["seed"], one["ended"].tolist()) for one in content[name]])
write("penalty-methods.json", content)
