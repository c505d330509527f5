"""Reads a TensorBoard event file without TensorBoard: checks both checksums of every record and prints one JSON line for each value.

Run with: python3 tooling/oracle/training/read_event_file.py RUN/.../events.out.tfevents.0.advrob
Format: length (u64), masked CRC-32C of it, an Event message, masked CRC-32C of that. Exit code 1 at the first broken record.
"""
import json
import pathlib
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 & -(crc & 1))
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a protocol buffer message; values of length-delimited fields are bytes, of fixed ones 4 or 8 bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            size = {1: 8, 5: 4}[kind]
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def records(raw):
    at = 0
    while at < len(raw):
        head = raw[at : at + 8]
        (length,), (head_sum,) = struct.unpack("<Q", head), struct.unpack("<I", raw[at + 8 : at + 12])
        body = raw[at + 12 : at + 12 + length]
        (body_sum,) = struct.unpack("<I", raw[at + 12 + length : at + 16 + length])
        if masked(head) != head_sum or masked(body) != body_sum:
            sys.exit(f"broken record at byte {at}")
        yield body
        at += 16 + length


def scalars(event):
    parts = dict(fields(event))
    for _, value in fields(parts.get(5, b"")):
        named = dict(fields(value))
        yield {
            "wallTime": struct.unpack("<d", parts[1])[0],
            "step": parts.get(2, 0),
            "tag": named[1].decode(),
            "value": struct.unpack("<f", named[2])[0],
        }


for record in records(pathlib.Path(sys.argv[1]).read_bytes()):
    version = dict(fields(record)).get(3)
    if version:
        print(json.dumps({"version": version.decode()}))
    for scalar in scalars(record):
        print(json.dumps(scalar))
