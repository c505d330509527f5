"""Loads models that we trained into PyTorch and computes their logits. Called by ours_in_pytorch.mjs with a folder that holds, for every architecture of
make_fixtures.CASES, <name>.safetensors in PyTorch's layout, and <name>.json with inputs x (channels last). Prints the logits as JSON, by name."""
import json
import pathlib
import sys

import torch

import make_fixtures
import safetensors_file

folder = pathlib.Path(sys.argv[1])
logits = {}
for name, (options, build) in make_fixtures.CASES.items():
    net = build()
    arrays, metadata = safetensors_file.read(folder / f"{name}.safetensors")
    assert metadata["format"] == "pt", metadata
    # Strict: a name that one side lacks is an error.
    net.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in arrays.items()})
    net.eval()
    shape = options["inputShape"]
    x = torch.tensor(json.loads((folder / f"{name}.json").read_text())).reshape(-1, *shape)
    x = x.permute(0, 3, 1, 2) if x.dim() == 4 else x
    with torch.no_grad():
        logits[name] = net(make_fixtures.normalized(x, options)).tolist()
print(json.dumps(logits))
