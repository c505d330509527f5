"""lenet-free.onnx with whole numbers of eight bits inside, as ONNX Runtime writes it (QDQ), its softmax included.

    python3 tooling/oracle/onnx/quantize.py packages/models/test/fixtures/onnx

Needs onnxruntime 1.32.0 and onnx 1.23.2 (these wrote the committed file).
"""

import json
import sys
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static


class Examples(CalibrationDataReader):
    def __init__(self, x):
        self.left = iter([{"images": x}])

    def get_next(self):
        return next(self.left, None)


def main(folder):
    facts = json.loads((folder / "lenet.json").read_text())
    height, width, channels = facts["inputShape"]
    x = np.array(facts["x"], "float32").reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    source, target = str(folder / "lenet-free.onnx"), str(folder / "lenet-qdq.onnx")
    quantize_static(source, target, Examples(x), quant_format=QuantFormat.QDQ, weight_type=QuantType.QInt8)


main(Path(sys.argv[1]))
