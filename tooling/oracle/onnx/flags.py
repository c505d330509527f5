"""PGD in PyTorch on the network and the examples of `flags.mjs`, which calls this: how many withstand it.

    python3 flags.py <folder>
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.append(str(Path(__file__).parent.parent / "models"))
import networks
import safetensors_file

torch.set_num_threads(1)
torch.manual_seed(0)
folder = Path(sys.argv[1])
case = json.loads((folder / "case.json").read_text())
net = getattr(networks, case["network"])(*case["sizes"]).eval()
weights, _ = safetensors_file.read(folder / "weights.safetensors")
net.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
side, channels = case["sizes"][:2]
images = np.fromfile(folder / "x.bin", "<f4").reshape(-1, side, side, channels)
x = torch.tensor(images).permute(0, 3, 1, 2).contiguous()
y = torch.tensor(np.fromfile(folder / "y.bin", "<i4")).long()

epsilon, steps = case["epsilon"], case["steps"]
step_size = 2.5 * epsilon / steps
adversarial = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1)
fooled = net(x).argmax(1) != y
for step in range(steps + 1):
    adversarial.requires_grad_(True)
    logits = net(adversarial)
    fooled |= logits.argmax(1) != y
    if step == steps:
        break
    (gradient,) = torch.autograd.grad(F.cross_entropy(logits, y, reduction="sum"), adversarial)
    moved = adversarial.detach() + step_size * gradient.sign()
    adversarial = (x + (moved - x).clamp(-epsilon, epsilon)).clamp(0, 1)
print(json.dumps({"withstood": int((~fooled).sum())}))
