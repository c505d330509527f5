"""Pillow's and torchvision's pictures for @advrob/datasets: python3 tooling/oracle/data/pictures.py
Writes packages/datasets/test/files/pictures/* and pictures.json with the levels that Pillow decodes, what torchvision's Resize and CenterCrop make of
them (on PIL pictures and, with antialias, on float tensors), and EXIF turns; and pictures.parquet, columns as Hugging Face has them. Needs Pillow 13 with WebP, numpy, pyarrow, torch and torchvision (from PyPI)."""

import base64
import json
import pathlib

import numpy as np
import pyarrow
import pyarrow.parquet
import torch
import torchvision.transforms.functional as F
from PIL import Image, ImageOps
from torchvision.transforms import InterpolationMode

out = pathlib.Path(__file__).parents[3] / "packages/datasets/test/files/pictures"
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(11)
H, W = 37, 53
yy, xx = np.mgrid[0:H, 0:W]
waves = np.stack([127 + 100 * np.sin(xx / 4 + yy / 9), 127 + 110 * np.cos(xx / 3 - yy / 5), 127 + 90 * np.sin(xx * yy / 80)], -1)
waves[10:22, 15:30] = [250, 20, 10]
levels = np.clip(waves + rng.normal(0, 12, waves.shape), 0, 255).astype(np.uint8)
picture = Image.fromarray(levels)

picture.save(out / "colour.png")
picture.convert("L").save(out / "grey.png")
saves = {
    "420.jpg": dict(quality=85),
    "422.jpg": dict(quality=75, subsampling=1),
    "444.jpg": dict(quality=92, subsampling=0),
    "progressive.jpg": dict(quality=80, progressive=True, restart_marker_rows=1),
    "lossy.webp": dict(quality=80),
    "lossless.webp": dict(lossless=True),
}
for name, how in saves.items():
    picture.save(out / name, **how)
picture.convert("L").save(out / "grey.jpg", quality=80)
picture.convert("CMYK").save(out / "cmyk.jpg", quality=90)
transparent = picture.convert("RGBA")
transparent.putalpha(100)
transparent.save(out / "transparent.webp", lossless=True)

small = Image.fromarray(levels[:8, :11])
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    small.save(out / f"turned-{orientation}.jpg", quality=95, subsampling=0, exif=exif)
exif = Image.Exif()
exif[0x0112] = 6
small.save(out / "turned.webp", lossless=True, exif=exif)
small.save(out / "turned.png", exif=exif)


def packed(array):
    return {"shape": list(array.shape), "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


decoded = {}
for name in [*saves, "grey.jpg"]:
    image = Image.open(out / name)
    decoded[name] = packed(np.array(image))
turned = {}
for name in [*(f"turned-{i}.jpg" for i in range(1, 9)), "turned.webp", "turned.png"]:
    turned[name] = packed(np.array(ImageOps.exif_transpose(Image.open(out / name))))

modes = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
cases = [
    dict(file="colour.png", resize=16, crop=14),
    dict(file="colour.png", resize=16),
    dict(file="colour.png", resize=61, crop=[50, 64]),
    dict(file="colour.png", resize=[20, 20], interpolation="bicubic"),
    dict(file="colour.png", resize=[37, 20]),
    dict(file="colour.png", resize=[64, 53], interpolation="bicubic"),
    dict(file="colour.png", crop=[30, 29]),
    dict(file="colour.png", crop=[40, 60]),
    dict(file="colour.png", channels=1),
    dict(file="colour.png", channels=1, resize=13, crop=11),
    dict(file="grey.png", resize=[11, 70], interpolation="bicubic"),
    dict(file="420.jpg", resize=24, crop=20, interpolation="bicubic"),
    dict(file="lossy.webp", resize=24, crop=21),
]


def prepared(case, as_float):
    image = Image.open(out / case["file"])
    if case.get("channels") == 1:
        image = image.convert("L")
    value = F.pil_to_tensor(image).to(torch.float32) / 255 if as_float else image
    mode = modes[case.get("interpolation", "bilinear")]
    if "resize" in case:
        value = F.resize(value, case["resize"], mode, antialias=True)
    if "crop" in case:
        value = F.center_crop(value, case["crop"])
    if as_float:
        return packed(value.permute(1, 2, 0).numpy().astype(np.float32))
    array = np.array(value)
    return packed(array[..., None] if array.ndim == 2 else array)


results = [{**case, "uint8": prepared(case, False), "float32": prepared(case, True)} for case in cases]
(out.parent / "pictures.json").write_text(json.dumps({"decoded": decoded, "turned": turned, "prepared": results}) + "\n")

names = ["420.jpg", "lossy.webp", "colour.png"]
images = [{"bytes": (out / name).read_bytes(), "path": name} for name in names]
features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog", "fish", "bird"], "_type": "ClassLabel"}}
notes = {"huggingface": json.dumps({"info": {"features": features}})}
table = pyarrow.table({"image": images, "label": [2, 0, 1]}).replace_schema_metadata(notes)
pyarrow.parquet.write_table(table, out.parent / "pictures.parquet")
