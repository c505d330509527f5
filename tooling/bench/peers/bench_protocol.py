"""PyTorch's half of the protocol in serve.mjs: one JSON request a line on stdin, one JSON answer a line on stdout.

setup {case, batch}   -> {params, macs, logits, loss, torch}  builds the case and describes it, so that both sides can be compared
steps {count}         -> {wallMs, cpuMs}                does `count` steps; CPU time is that of all threads
memory {}             -> {peakGb}                       peak resident memory of this process
facts {}              -> what the case has found        e.g. the robust accuracy
"""

import json
import resource
import sys
import time

import torch


def serve(setup):
    """Answers requests until stdin closes. `setup(case, batch)` returns (description, step) or (description, step, facts)."""
    step = facts = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "setup":
            answer, step, *more = setup(request["case"], request["batch"])
            answer = {**answer, "torch": torch.__version__.split("+")[0]}
            facts = more[0] if more else dict
        elif request["do"] == "steps":
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(request["count"]):
                step()
            answer = {"wallMs": (time.perf_counter() - wall) * 1e3, "cpuMs": (time.process_time() - cpu) * 1e3}
        elif request["do"] == "facts":
            answer = facts()
        else:
            answer = {"peakGb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}
        print(json.dumps(answer), flush=True)
