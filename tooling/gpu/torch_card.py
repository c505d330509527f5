"""One case of card.mjs in PyTorch on CUDA: python3 torch_card.py <net>/<pgd|training|pgd40>/<batch> <seconds> <f32|tf32>. Prints one JSON line."""
import json
import pathlib
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench" / "peers"))
from torch_nets import fill, images, resnet18, small_cnn  # noqa: E402

case, seconds, precision = sys.argv[1:]
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
name, kind, batch = case.split("/")
batch = int(batch)
net = fill(small_cnn() if name == "smallcnn" else resnet18()).eval().cuda()
x = (images(batch, 28, 28, 1) if name == "smallcnn" else images(batch, 32, 32, 3)).cuda()
labels = (torch.arange(batch) % 10).cuda()


def pgd():
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    lower, upper = (x - 0.1).clamp(0, 1), (x + 0.1).clamp(0, 1)
    state = {"x": x.clone()}

    def step():
        points = state["x"].detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(net(points), labels), points)
        with torch.no_grad():
            state["x"] = torch.min(torch.max(points + 0.01 * gradient.sign(), lower), upper)

    return step


def training():
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return step


step = training() if kind == "training" else pgd()
for _ in range(5):
    step()
torch.cuda.synchronize()
rounds = []
start = time.perf_counter()
while len(rounds) < 3 or time.perf_counter() - start < float(seconds):
    begin = time.perf_counter()
    for _ in range(10):
        step()
    torch.cuda.synchronize()
    rounds.append((time.perf_counter() - begin) * 1e3 / 10)
value = sorted(rounds)[len(rounds) // 2]
if kind == "pgd40":
    value = value * 40 / 1e3 / batch * 10_000
print(json.dumps({"value": value, "version": torch.__version__}))
