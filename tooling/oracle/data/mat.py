"""SciPy's MAT-files for the readers of @advrob/datasets: python3 tooling/oracle/data/mat.py
Writes packages/datasets/test/files/svhn/* and mat.json. Needs Debian's python3-scipy."""

import json
import pathlib

import numpy as np
from scipy.io import savemat

out = pathlib.Path(__file__).parents[3] / "packages/datasets/test/files/svhn"
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(5)

images = rng.integers(0, 256, (12, 4, 5, 3), dtype=np.uint8)
labels = np.array([1, 10, 3, 9, 2, 10, 5, 6, 7, 8, 4, 1], dtype=np.uint8)
planes = images.transpose(1, 2, 3, 0)
savemat(out / "train_32x32.mat", {"X": planes, "y": labels[:, None]}, do_compression=True)
savemat(out / "test_32x32.mat", {"note": "test", "X": planes[..., :8], "y": labels[:8, None].astype(np.float64)})
(out.parent / "mat.json").write_text(
    json.dumps({"images": images.flatten().tolist(), "labels": (labels % 10).tolist()})
)
