"""A small network that Keras 2 saves (as tf_keras, its form beside new versions of TensorFlow), with its outputs.

    python3 tooling/oracle/keras/export_keras2.py packages/models/test/fixtures/keras2

Needs tf_keras (2.21.0 wrote the committed files) and TensorFlow. Running statistics lie away from 0 and 1.
"""

import gzip
import json
import os
import sys
import zipfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tf_keras as keras

L = keras.layers
rng = np.random.default_rng(3)


def branches():
    """Functional: leaky and clipped ReLU, depthwise and separable filters, Add and Concatenate."""
    x = start = keras.Input((8, 7, 3))
    x = L.LeakyReLU(0.2)(L.Conv2D(4, 3, padding="same")(L.Rescaling(1 / 255)(x)))
    x = L.ReLU(6.0)(L.Add()([x, L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(x))]))
    x = L.Concatenate()([L.SeparableConv2D(5, 3, strides=2, padding="same")(x), L.AveragePooling2D(2, padding="same")(x)])
    return keras.Model(start, L.Softmax()(L.Dense(4)(L.GlobalAveragePooling2D()(x))), name="branches")


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    model = branches()
    for weight in model.weights:
        value = rng.normal(0, 0.4, weight.shape)
        if "gamma" in weight.name or "variance" in weight.name:
            value = rng.uniform(0.5, 1.5, weight.shape)
        weight.assign(value.astype("float32"))
    x = rng.random((3, 8, 7, 3)).astype("float32")
    y = model.predict(x * 255, verbose=0)
    numbers = lambda values: [float(f"{v:.8g}") for v in values.ravel()]
    facts = {"branches": {"shape": list(x.shape), "x": numbers(x), "y": numbers(y), "classes": y.shape[1]}}
    (folder / "outputs.json").write_text(json.dumps({"keras": keras.__version__, **facts}) + "\n")
    model.save(folder / "branches.h5")
    (folder / "branches.h5.gz").write_bytes(gzip.compress((folder / "branches.h5").read_bytes(), 9, mtime=0))
    (folder / "branches.h5").unlink()
    path = folder / "branches.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


main(Path(sys.argv[1]))
