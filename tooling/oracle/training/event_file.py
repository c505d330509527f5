"""An event file as TensorBoard itself writes it, as a fixture.

Run with: python3 tooling/oracle/training/event_file.py
Made with tensorboard 2.21 (pip install tensorboard). Test: packages/training/src/logs/event-file.test.ts.
"""
import io
import json
import pathlib

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

EVENTS = [
    {"wallTime": 1700000000.25, "step": 0, "scalars": {"train/loss/total": 2.302585, "train/rate": 0.1}},
    {"wallTime": 1700000001.5, "step": 300, "scalars": {"validation/trained/robustAccuracy": 0.4375}},
    {"wallTime": 1700000002.0, "step": 2**40, "scalars": {"train/größe": -1e-3}},
]


class Buffer(io.BytesIO):
    def close(self):
        pass


buffer = Buffer()
writer = RecordWriter(buffer)
writer.write(Event(wall_time=1700000000.0, file_version="brain.Event:2").SerializeToString())
for event in EVENTS:
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in event["scalars"].items()]
    message = Event(wall_time=event["wallTime"], step=event["step"], summary=Summary(value=values))
    writer.write(message.SerializeToString())
fixture = {"headerTime": 1700000000.0, "events": EVENTS, "hex": buffer.getvalue().hex()}
path = pathlib.Path(__file__).parent / "fixtures" / "event-file.json"
path.write_text(json.dumps(fixture) + "\n")
