"""Writes fixtures: numbers with nine digits, tensors as nested lists, one file per algorithm."""

import json
import pathlib

import torch

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "packages" / "attacks" / "test" / "fixtures"


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def write(name, content):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps(plain(content), separators=(",", ":")) + "\n")
    print(name, (FOLDER / name).stat().st_size, "bytes")
