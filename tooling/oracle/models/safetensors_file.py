"""Writes and reads safetensors files (https://github.com/huggingface/safetensors, "Format") without the safetensors package."""
import json
import struct

import numpy as np


def write(path, tensors, metadata=None):
    """tensors: name to a float32 or int64 array."""
    header = {"__metadata__": metadata} if metadata else {}
    blobs, end = [], 0
    for name, array in tensors.items():
        array = np.asarray(array, order="C")
        kind = {"float32": "F32", "int64": "I64"}[str(array.dtype)]
        blob = array.tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [end, end + len(blob)]}
        blobs.append(blob)
        end += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read(path):
    """Arrays by name, and the metadata."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    metadata = header.pop("__metadata__", {})
    kinds = {"F32": np.float32, "I32": np.int32, "I64": np.int64}
    arrays = {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }
    return arrays, metadata
