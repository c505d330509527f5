"""Files in the binary layouts of CIFAR-10 and CIFAR-100 by NumPy: python3 tooling/oracle/data/cifar.py
Writes packages/datasets/test/files/cifar-10/*, cifar-100/* and cifar.json with the images [n, 32, 32, 3] they hold. The layouts are those of
https://www.cs.toronto.edu/~kriz/cifar.html: label bytes (CIFAR-100: coarse, then fine), then all red, all green, all blue values, row by row."""

import json
import pathlib

import numpy as np

out = pathlib.Path(__file__).parents[3] / "packages/datasets/test/files"
rng = np.random.default_rng(11)


def write(path, labels, count):
    """Smooth pictures, so that a mistaken axis shows and the file stays small in the repository."""
    rows, columns, channels = np.meshgrid(np.arange(32), np.arange(32), np.arange(3), indexing="ij")
    images = np.stack([(rows * (i + 1) + columns * 3 + channels * 50) % 256 for i in range(count)]).astype(np.uint8)
    record = np.dtype([("labels", np.uint8, (labels.shape[1],)), ("planes", np.uint8, (3, 32, 32))])
    records = np.zeros(count, record)
    records["labels"], records["planes"] = labels, images.transpose(0, 3, 1, 2)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(records.tobytes())
    places = [(0, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (count - 1, 31, 31, 2), (count - 1, 7, 20, 1)]
    return {"labels": labels.tolist(), "pixels": [[*place, int(images[place])] for place in places]}


expected = {
    "cifar-10": {
        "train": write(out / "cifar-10/data_batch_1.bin", rng.integers(0, 10, (3, 1)), 3),
        "test": write(out / "cifar-10/test_batch.bin", rng.integers(0, 10, (2, 1)), 2),
    },
    "cifar-100": {
        "train": write(out / "cifar-100/train.bin", rng.integers(0, [20, 100], (3, 2)), 3),
        "test": write(out / "cifar-100/test.bin", rng.integers(0, [20, 100], (2, 2)), 2),
    },
}
(out / "cifar.json").write_text(json.dumps(expected))
