"""Runs a tfjs GraphModel of convolutions with PyTorch: an independent reading of model.json and its shards, NHWC as in the file. Only the operations that
Keras conv nets become; others are refused by name."""
import base64
import json
import pathlib

import numpy as np
import torch
from torch.nn import functional as F


def load(folder, name="model.json"):
    """Nodes in order of the file's dependencies, constants by name, [h, w, c] of the input."""
    folder = pathlib.Path(folder)
    model = json.loads((folder / name).read_text())
    constants = {}
    for group in model["weightsManifest"]:
        data, at = b"".join((folder / path).read_bytes() for path in group["paths"]), 0
        for weight in group["weights"]:
            kind = np.dtype(weight["dtype"])
            count = int(np.prod(weight["shape"])) if weight["shape"] else 1
            values = np.frombuffer(data, kind, count, at).reshape(weight["shape"])
            constants[weight["name"]] = torch.from_numpy(values.copy())
            at += count * kind.itemsize
    nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
    placeholder = next(node for node in nodes.values() if node["op"] == "Placeholder")
    shape = [int(side["size"]) for side in placeholder["attr"]["shape"]["shape"]["dim"]][1:]
    return nodes, constants, shape


def integers(node, name):
    return [int(value) for value in node["attr"][name]["list"]["i"]]


def text(node, name):
    return base64.b64decode(node["attr"][name]["s"]).decode()


def padded(x, windows, strides, node, value):
    """x [n, c, h, w] with TensorFlow's padding: with SAME, the odd row and column come last."""
    if text(node, "padding") == "VALID":
        return x
    before_after = []
    for extent, window, stride in reversed(list(zip(x.shape[2:], windows, strides))):
        total = max((-(-extent // stride) - 1) * stride + window - extent, 0)
        before_after += [total // 2, total - total // 2]
    return F.pad(x, before_after, value=value)


def convolution(node, x, kernel, groups=1):
    if any(step != 1 for step in integers(node, "dilations")):
        raise SystemExit(f"{node['name']}: dilation is not written here")
    strides = integers(node, "strides")[1:3]
    x = padded(x.permute(0, 3, 1, 2), kernel.shape[2:], strides, node, 0.0)
    return F.conv2d(x, kernel, stride=strides, groups=groups).permute(0, 2, 3, 1)


def depthwise(node, x, kernel):
    height, width, inputs, times = kernel.shape
    return convolution(node, x, kernel.permute(2, 3, 0, 1).reshape(inputs * times, 1, height, width), inputs)


def fused(node, value, arguments):
    arguments = list(arguments)
    for step in (base64.b64decode(name).decode() for name in node["attr"]["fused_ops"]["list"].get("s", [])):
        if step == "BiasAdd":
            value = value + arguments.pop(0)
        elif step == "Relu":
            value = F.relu(value)
        else:
            raise SystemExit(f"{node['name']}: {step} is not written here")
    return value


def max_pool(node, x):
    windows, strides = integers(node, "ksize")[1:3], integers(node, "strides")[1:3]
    x = padded(x.permute(0, 3, 1, 2), windows, strides, node, -torch.inf)
    return F.max_pool2d(x, windows, strides).permute(0, 2, 3, 1)


def mean(node, x, axes):
    return x.mean(axes.reshape(-1).tolist(), keepdim=bool(node["attr"].get("keep_dims", {}).get("b")))


OPERATIONS = {
    "Conv2D": lambda node, x, kernel: convolution(node, x, kernel.permute(3, 2, 0, 1)),
    "_FusedConv2D": lambda node, x, kernel, *rest: fused(node, convolution(node, x, kernel.permute(3, 2, 0, 1)), rest),
    "DepthwiseConv2dNative": depthwise,
    "_FusedMatMul": lambda node, a, b, *rest: fused(node, a @ b, rest),
    "MatMul": lambda node, a, b: a @ b,
    "BiasAdd": lambda node, x, bias: x + bias,
    "Add": lambda node, a, b: a + b,
    "AddV2": lambda node, a, b: a + b,
    "Mul": lambda node, a, b: a * b,
    "Relu": lambda node, x: F.relu(x),
    "MaxPool": max_pool,
    "Mean": mean,
    "Reshape": lambda node, x, shape: x.reshape([int(side) for side in shape]),
    "Identity": lambda node, x: x,
}


def logits_of(nodes, constants, scale, offset):
    """A function from images [n, c, h, w] in [0, 1] to the scores before the last softmax; the graph gets scale * x + offset."""
    last = next(node for node in nodes.values() if node["op"] == "Softmax")["input"][0]

    def run(x):
        values = dict(constants)
        image = scale * x.permute(0, 2, 3, 1) + offset

        def value(name):
            name = name.split(":")[0]
            if name not in values:
                node = nodes[name]
                if node["op"] == "Placeholder":
                    values[name] = image
                elif node["op"] in OPERATIONS:
                    values[name] = OPERATIONS[node["op"]](node, *[value(each) for each in node.get("input", [])])
                else:
                    raise SystemExit(f"{name}: {node['op']} is not written here")
            return values[name]

        return value(last)

    return run
