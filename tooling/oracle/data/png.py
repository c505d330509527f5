"""Pillow's PNG files for the readers of @advrob/datasets: python3 tooling/oracle/data/png.py
Writes packages/datasets/test/files/png/* and png.json with the pixels. Needs Debian's python3-pil and python3-numpy."""

import json
import pathlib

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

out = pathlib.Path(__file__).parents[3] / "packages/datasets/test/files/png"
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(3)

grey = rng.integers(0, 256, (5, 7), dtype=np.uint8)
colour = rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)
alpha = np.dstack([colour, np.full((4, 6), 255, np.uint8)])
holes = alpha.copy()
holes[1, 2, 3] = 10
texts = PngInfo()
texts.add_text("comment", "x" * 5000, zip=True)

Image.fromarray(grey).save(out / "grey.png")
Image.fromarray(grey > 127).save(out / "one-bit.png")
Image.fromarray((grey.astype(np.uint16) * 257 - 3) % 65536).save(out / "grey16.png")
Image.fromarray(colour).save(out / "colour.png", pnginfo=texts)
Image.fromarray(colour).quantize(4).save(out / "palette.png", bits=2)
Image.fromarray(alpha).save(out / "opaque.png")
Image.fromarray(holes).save(out / "holes.png")


def pixels(name):
    image = Image.open(out / f"{name}.png")
    if image.mode == "P":
        image = image.convert("RGB")
    if image.mode == "RGBA":
        image = image.convert("RGB")
    if image.mode == "1":
        image = image.convert("L")
    array = np.array(image)
    return {"shape": list(array.shape), "data": array.astype(int).flatten().tolist()}


names = ["grey", "one-bit", "grey16", "colour", "palette", "opaque"]
(out.parent / "png.json").write_text(json.dumps({name: pixels(name) for name in names}))
