"""Measures a Keras-converted tfjs GraphModel with PyTorch on resized images, and saves these images as npz for `advrob evaluate`.

Called by parity.mjs with one argument: a JSON object with graph (folder), json (name of the model file), images (an IDX file, perhaps gzipped), out (folder),
test, low and high (what the graph expects for 0 and 1), epsilon, steps, stepSize. Labels are the classes that PyTorch predicts, so that clean accuracy is the
share of examples on which both agree. Prints one JSON line.
"""
import gzip
import json
import pathlib
import struct
import sys

import numpy as np
import torch
from torch.nn import functional as F

import graph_torch
from pgd import correct, withstands

torch.set_num_threads(int(__import__("os").environ.get("ADVROB_TORCH_THREADS", "1")))


def read_idx(path, count):
    data = pathlib.Path(path).read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    _, _, height, width = struct.unpack(">4I", data[:16])
    pixels = np.frombuffer(data, np.uint8, count * height * width, 16).reshape(count, 1, height, width)
    return torch.from_numpy(pixels.astype(np.float32))


def main(options):
    nodes, constants, (height, width, channels) = graph_torch.load(options["graph"], options["json"])
    images = read_idx(options["images"], options["test"])
    images = F.interpolate(images, (height, width), mode="bilinear", align_corners=False)
    images = images.round().to(torch.uint8).repeat(1, channels, 1, 1)
    x = images.float() / 255
    model = graph_torch.logits_of(nodes, constants, options["high"] - options["low"], options["low"])
    with torch.no_grad():
        logits = torch.cat([model(part) for part in x.split(100)])
    y = logits.argmax(1)
    pixels, labels = images.permute(0, 2, 3, 1).contiguous().numpy(), y.numpy()
    np.savez(pathlib.Path(options["out"]) / "graph.npz", x_train=pixels[:100], y_train=labels[:100], x_test=pixels, y_test=labels)
    attack = {"epsilon": options["epsilon"], "steps": options["steps"], "step_size": options["stepSize"]}
    clean = correct(model, x, y)
    print(json.dumps({
        "clean": int(clean.sum()),
        "robust": int(withstands(model, x, y, **attack, seed=0, size=100).sum()),
        "otherSeed": int(withstands(model, x, y, **attack, seed=1, size=100).sum()),
        "of": len(x), "classes": logits.shape[1], "predicted": torch.bincount(y, minlength=logits.shape[1]).tolist(),
        "smallestMargin": float((logits.topk(2).values @ torch.tensor([1.0, -1.0])).min()),
    }))


main(json.loads(sys.argv[1]))
