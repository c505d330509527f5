"""Well-known architectures that PyTorch exports to ONNX, for `architectures.mjs`, which calls this.

    python3 architectures.py <name> <opset> <folder>

Writes net.onnx, input, logits and the input gradient of the cross-entropy (float32, little endian), and shapes.json.
Needs torch and torchvision (Debian: python3-torchvision). Weights are random, running statistics lie away from 0 and 1,
and heads that torchvision makes zero are made random.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision.models as models
from torch import nn

torch.set_num_threads(1)


class Recurrent(nn.Module):
    """A bidirectional LSTM and a GRU over the rows of an image."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 12, bidirectional=True, batch_first=True)
        self.gru, self.head = nn.GRU(24, 10, num_layers=2, batch_first=True), nn.Linear(10, 10)

    def forward(self, x):
        return self.head(self.gru(self.lstm(x[:, 0])[0])[0][:, -1])


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def vision(name, **options):
    return lambda: getattr(models, name)(num_classes=10, **options)


def vit():
    return models.VisionTransformer(image_size=32, patch_size=8, num_layers=3, num_heads=4, hidden_dim=48, mlp_dim=96, num_classes=10)


def swin():
    return models.SwinTransformer(
        patch_size=[2, 2], embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], stochastic_depth_prob=0.0, num_classes=10
    )


NETS = {
    "lenet": (lenet, (1, 28, 28)),
    "recurrent": (Recurrent, (1, 28, 28)),
    "vit": (vit, (3, 32, 32)),
    "swin": (swin, (3, 32, 32)),
    "resnet18": (vision("resnet18"), (3, 64, 64)),
    "resnext50_32x4d": (vision("resnext50_32x4d"), (3, 64, 64)),
    "wide_resnet50_2": (vision("wide_resnet50_2"), (3, 64, 64)),
    "mobilenet_v2": (vision("mobilenet_v2"), (3, 64, 64)),
    "mobilenet_v3_small": (vision("mobilenet_v3_small"), (3, 64, 64)),
    "efficientnet_b0": (vision("efficientnet_b0"), (3, 64, 64)),
    "shufflenet_v2_x1_0": (vision("shufflenet_v2_x1_0"), (3, 64, 64)),
    "squeezenet1_1": (vision("squeezenet1_1"), (3, 64, 64)),
    "mnasnet1_0": (vision("mnasnet1_0"), (3, 64, 64)),
    "regnet_y_400mf": (vision("regnet_y_400mf"), (3, 64, 64)),
    "densenet121": (vision("densenet121"), (3, 64, 64)),
    "googlenet": (vision("googlenet", aux_logits=False, init_weights=False), (3, 64, 64)),
    "convnext_tiny": (vision("convnext_tiny"), (3, 64, 64)),
}


def disturb(net):
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.6, 1.6)
    for parameter in net.parameters():
        # Zero at the start: the head of a ViT. Tiny: the scale of ConvNeXt's layers.
        if parameter.abs().max() < 1e-4 and parameter.dim() > 1:
            nn.init.normal_(parameter, 0, 0.1)
        parameter.requires_grad_(False)
    return net


def main(name, opset, folder):
    torch.manual_seed(0)
    make, shape = NETS[name]
    net = disturb(make().eval())
    x = torch.rand(2, *shape, requires_grad=True)
    logits = net(x)
    (gradient,) = torch.autograd.grad(F.cross_entropy(logits, torch.tensor([0, 1])), x)
    options = {"opset_version": opset, "input_names": ["x"], "output_names": ["y"], "dynamic_axes": {"x": {0: "n"}, "y": {0: "n"}}}
    attentions = [module for module in net.modules() if isinstance(module, nn.MultiheadAttention)]
    if attentions:
        # Else PyTorch takes a way of its own through them, which it cannot export. Without dropout it is the same.
        for module in attentions:
            module.training = True
        options["training"] = torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(net, x.detach(), str(folder / "net.onnx"), **options)
    for file, values in (("input", x), ("logits", logits), ("gradient", gradient)):
        (folder / file).write_bytes(values.detach().numpy().astype("<f4").tobytes())
    (folder / "shapes.json").write_text(json.dumps({"input": list(x.shape), "torch": torch.__version__}))


if len(sys.argv) == 1:
    print(json.dumps(list(NETS)))
else:
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
