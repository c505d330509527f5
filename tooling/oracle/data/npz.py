"""NumPy's own files for the readers of @advrob/datasets: python3 tooling/oracle/data/npz.py
Writes packages/datasets/test/files/*.npz, *.npy and npz.json with what they hold. Needs Debian's python3-numpy."""

import json
import pathlib

import numpy as np

out = pathlib.Path(__file__).parents[3] / "packages/datasets/test/files"
rng = np.random.default_rng(7)

images = rng.integers(0, 256, (12, 5, 4), dtype=np.uint8)
labels = np.arange(12, dtype=np.int64) % 3
np.savez(out / "keras.npz", x_train=images[:8], y_train=labels[:8], x_test=images[8:], y_test=labels[8:, None])

planar = rng.random((6, 3, 2, 4), dtype=np.float32)
np.savez_compressed(out / "torch.npz", images=planar * 2 - 1, labels=np.array([0, 1, 1, 0, 1, 0], dtype=np.uint8))

# Features of 0 and 1 in several types, class indices as floats, and the test part alone.
bits = np.tile(np.array([[0, 1, 1, 0], [1, 0, 0, 1]]), (4, 1))
indices = (np.arange(8) % 2).astype(np.float64)
over = np.where(bits == 1, np.float32(1) + np.float32(1.2e-7), np.float32(-3e-8)).astype(np.float32)
types = {"uint8": bits.astype("u1"), "int64": bits, "bool": bits.astype(bool), "float32": bits.astype("f4"), "over": over}
np.savez_compressed(out / "features.npz", y_test=indices, broken=indices + 0.5, one_hot=np.eye(2)[indices.astype(int)], **types)

arrays = {
    "fortran": np.asfortranarray(rng.standard_normal((2, 3, 4)).astype(np.float32)),
    "big-endian": rng.standard_normal((5,)).astype(">f8"),
    "half": np.array([0, -0.0, 1.5, 65504, 6e-8, -2.0009765625], dtype=np.float16),
    "int64": np.array([[1, -2], [3, 2**40]], dtype=np.int64),
    "bool": np.array([True, False, True]),
    "scalar": np.array(3.25),
    "empty": np.zeros((0, 4), dtype=np.int32),
}
for name, array in arrays.items():
    np.save(out / f"{name}.npy", array)
np.save(out / "object.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)

expected = {
    "keras": {"images": images.flatten().tolist(), "labels": labels.tolist()},
    "torch": {"nhwc": planar.transpose(0, 2, 3, 1).flatten().tolist()},
    "arrays": {
        name: {"type": str(a.dtype.newbyteorder("=")), "shape": list(a.shape), "data": a.astype(np.float64).flatten().tolist()}
        for name, a in arrays.items()
    },
}
(out / "npz.json").write_text(json.dumps(expected))
