# PGD of 40 steps on pictures of noise through a network of torchvision with weights drawn at random: [version, CPU s, MB] of the process.
#   python torch_pgd.py mobilenet_v2|inception_v3 PICTURES SIZE
import json
import resource
import sys

import torch
import torchvision

name, pictures, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(2)
torch.manual_seed(0)
more = {"aux_logits": False, "init_weights": False, "transform_input": False} if name == "inception_v3" else {}
model = getattr(torchvision.models, name)(weights=None, num_classes=5, **more).eval()
for weight in model.parameters():
    weight.requires_grad_(False)
x = torch.rand(pictures, 3, size, size)
y = torch.zeros(pictures, dtype=torch.long)
epsilon, step = 2 / 255, 2.5 * 2 / 255 / 40
adv = (x + (torch.rand_like(x) * 2 - 1) * epsilon).clamp(0, 1)
for _ in range(40):
    adv.requires_grad_(True)
    (gradient,) = torch.autograd.grad(torch.nn.functional.cross_entropy(model(adv), y, reduction="sum"), adv)
    adv = (x + (adv.detach() + step * gradient.sign() - x).clamp(-epsilon, epsilon)).clamp(0, 1)
use = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([torch.__version__, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024]))
