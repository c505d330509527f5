"""Small networks that Keras 3 saves, with its outputs: .keras files, a legacy .h5, and a table of activations.

    KERAS_BACKEND=jax python3 tooling/oracle/keras/export.py packages/models/test/fixtures/keras

Needs keras 3 (3.15.1 wrote the committed files) with any backend, and h5py. Running statistics lie away from 0 and 1,
so that every comparison can fail.
"""

import gzip
import json
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers as L

rng = np.random.default_rng(5)


def plain():
    """Sequential, rescaling of bytes inside, batch norm, softmax as an activation."""
    return keras.Sequential(
        [
            keras.Input((8, 7, 3)),
            L.Rescaling(1 / 255),
            L.RandomFlip("horizontal"),
            L.Conv2D(4, 3, padding="same", activation="relu"),
            L.BatchNormalization(),
            L.MaxPooling2D(2),
            L.SpatialDropout2D(0.2),
            L.Flatten(),
            L.Dense(5, activation="softmax"),
        ],
        name="plain",
    )


def branches():
    """Functional: Add, Concatenate, sums without a layer, depthwise and separable filters, a layer used twice."""
    x = start = keras.Input((8, 7, 3))
    x = L.Conv2D(4, 3, padding="same", activation="silu")(x / 255.0)
    y = L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same", depth_multiplier=1)(x))
    x = keras.ops.relu(L.Add()([x, y]) + y)
    x = L.Concatenate()([L.SeparableConv2D(5, 3, strides=2, padding="same", activation="gelu")(x), L.AveragePooling2D(2, padding="same")(x)])
    shared = L.Conv2D(9, 1, activation="hard_swish")
    x = shared(shared(L.ZeroPadding2D(((1, 0), (0, 2)))(x)))
    x = L.PReLU(shared_axes=[1, 2])(x)
    return keras.Model(start, L.Softmax()(L.Dense(4)(L.GlobalAveragePooling2D()(x))), name="branches")


def nested():
    """Models in models, each used twice, whose layers share their names; layer norm over several axes."""

    def block(name):
        a = keras.Input((6, 5, 3))
        b = L.LayerNormalization(axis=[1, 2], name="norm")(L.Conv2D(3, 3, padding="same", name="conv")(a))
        return keras.Model(a, L.LeakyReLU(negative_slope=0.1, name="act")(b), name=name)

    one, two = block("one"), block("two")
    head = keras.Sequential([keras.Input((3,)), L.Dense(3, activation="hard_sigmoid"), L.LayerNormalization()], name="head")
    x = start = keras.Input((9, 8, 3))
    norm = L.Normalization()
    norm.adapt(rng.random((50, 9, 8, 3)).astype("float32") * 0.4 + 0.3)
    x = L.Resizing(6, 5)(norm(x))
    x = two(one(two(one(x))))
    x = head(head(L.GlobalMaxPooling2D()(x)))
    return keras.Model(start, keras.Sequential([keras.Input((3,)), L.Dense(4, name="last")], name="end")(x), name="outer")


def recurrent():
    """LSTM, GRU and a plain cell over rows, both ways, with a layer for each step."""
    x = start = keras.Input((4, 5, 1))
    x = L.Reshape((4, 5))(x)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    x = L.TimeDistributed(L.Dense(4, activation="tanh"))(x)
    x = L.GRU(3, reset_after=False, return_sequences=True)(x)
    x = L.SimpleRNN(4, return_sequences=True)(x)
    x = L.LSTM(3, recurrent_activation="hard_sigmoid")(L.Conv1D(3, 2, padding="same")(x))
    return keras.Model(start, L.Dense(2, activation="softmax")(L.Identity()(x)), name="recurrent")


ACTIVATIONS = [
    "linear", "relu", "relu6", "elu", "selu", "sigmoid", "softplus", "softsign", "tanh", "softmax", "log_softmax", "gelu",
    "mish", "silu", "hard_sigmoid", "hard_silu", "exponential", "leaky_relu", "log_sigmoid", "hard_tanh", "tanh_shrink",
    "squareplus", "celu",
]


def shuffle(model):
    """Every weight at random; deviations and counts positive."""
    for weight in model.weights:
        if weight.path.endswith(("mean", "variance", "count")) and "moving" not in weight.path:
            continue  # what Normalization was adapted to
        value = rng.normal(0, 0.4, weight.shape)
        if "gamma" in weight.path or "variance" in weight.path:
            value = rng.uniform(0.5, 1.5, weight.shape)
        if "seed" not in weight.path:
            weight.assign(value.astype("float32"))


def numbers(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, "float64").ravel()]


def deflate(path):
    """Keras only stores; an archive that somebody packed again is a tenth as large."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"keras": keras.__version__}
    for make, scale in [(plain, 255), (branches, 255), (nested, 1), (recurrent, 1)]:
        model = make()
        shuffle(model)
        x = rng.random((3, *model.input_shape[1:])).astype("float32")
        y = model.predict(x * scale, verbose=0)
        facts[make.__name__] = {"shape": list(x.shape), "x": numbers(x), "y": numbers(y), "classes": y.shape[1]}
        path = folder / f"{make.__name__}.keras"
        model.save(path)
        if make is not plain:
            deflate(path)
        if make is nested:
            model.save(folder / "nested.h5")
            (folder / "nested.h5.gz").write_bytes(gzip.compress((folder / "nested.h5").read_bytes(), 9, mtime=0))
            (folder / "nested.h5").unlink()
    x = np.array([[-7, -3.5, -1, -0.4, 0, 0.3, 1.2, 3.5, 8]], "float32")
    facts["activations"] = {name: numbers(keras.activations.get(name)(keras.ops.convert_to_tensor(x))) for name in ACTIVATIONS}
    (folder / "outputs.json").write_text(json.dumps(facts) + "\n")


main(Path(sys.argv[1]))
