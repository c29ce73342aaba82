#!/usr/bin/python3
"""Writes inputs to begin with, a folder for each fuzzer: seeds.py FOLDER"""
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def text(value):
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(raw)) + raw


def packet(head, body):
    size, length = len(body), b""
    while size >= 128:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([head]) + length + bytes([size]) + body


PROPERTIES = (b"\x01\x01" + b"\x02\x00\x00\x0e\x10" + b"\x03" + text("text/plain") + b"\x08"
              + text("answers/1") + b"\x09" + text(b"\x00\xff") + b"\x26" + text("bascule-via")
              + text("store-1,store-2") + b"\x26" + text("bascule-stamp")
              + text("store-1/0123456789abcdef/default/7/1763817600123"))
CONNACK = (b"\x11\x00\x00\x01\x00\x21\x00\x14\x24\x01\x25\x00\x27\x00\x01\x00\x00\x12" + text("id")
           + b"\x22\x00\x05\x1f" + text("welcome") + b"\x26" + text("a") + text("b")
           + b"\x28\x01\x29\x01\x2a\x00\x13\x00\x3c\x1a" + text("r") + b"\x1c" + text("other"))
REASON = b"\x1f" + text("because")


def with_length(block):
    return packet(0, block)[1:]


def packets():
    for version, lead in (5, b"\x01"), (4, b"\x00"), (5, b"\x03"):
        block = with_length(PROPERTIES) if version == 5 else b""
        short = with_length(b"\x0b\x81\x01") if version == 5 else b""
        yield lead + packet(0x20, b"\x00\x00" + (with_length(CONNACK) if version == 5 else b""))
        yield lead + packet(0x30, text("a/b") + block + b"payload")
        yield lead + packet(0x3b, text("a/b") + b"\x00\x07" + block + b"payload")
        yield lead + packet(0x35, text("a") + b"\xff\xff" + short)
        for kind in 0x40, 0x50, 0x62, 0x70:
            yield lead + packet(kind, b"\x00\x07")
            yield lead + packet(kind, b"\x00\x07\x87" + with_length(REASON))
        yield lead + packet(0x90, b"\x00\x01" + (b"\x00" if version == 5 else b"") + b"\x01")
        yield lead + packet(0xd0, b"") + packet(0x40, b"\x00\x07")
        yield lead + packet(0xf0, b"\x18" + with_length(b"\x15" + text("JWT") + b"\x16"
                                                        + text(b"\x00\xff") + REASON))
        yield lead + packet(0xe0, b"\x9c" + with_length(b"\x1c" + text("other:1883") + REASON))


def record(payload):
    header = struct.pack("<IIBBHIIHH", 1, 24 + 3 + len(payload), 1, 0, 3, 0, 7, 8, 5)
    return header + b"a/b" + payload


SEEDS = {
    "packets": packets(),
    "publish": [b"\x01a/b\\x" + PROPERTIES + b"\\xpayload", b"\x00topic"],
    "properties": [PROPERTIES, b"", b"\x26" + text("a") + text("b")],
    "topic": [b"a/+/c\0a/b/#\0a/b/c", b"#\0+/+\0$SYS/x", b"a/#\0a\0a", "ä/ö\0€\0𝄞".encode()],
    "record": [record(b"payload"), record(b"") + record(b"xyz"), b""],
    "bookmark": [b'{"bridge":"store-42","epoch":"0123456789abcdef","lanes":{"default":7}}',
                 b'{"fence":"1234"}', b"[]"],
    "stamp": [b"store-1/0123456789abcdef/default/7/1763817600123", b"a,b,c"],
    "config": [path.read_bytes() for path in (ROOT / "config").rglob("*.yaml")]
    + [b"bridge: {id: x}\nsite: &s {url: 'mqtt://a'}\ncentral: *s\nroutes:\n- {name: a, "
       b"direction: up, from: 'a/{x}/{r...}', to: 'b/{r...}', qos: 1}\n"],
    "url": [b"mqtt://localhost:1883", b"wss://[::1]:443/mqtt", b"mqtt+unix:///run/broker.sock"],
}

for name, seeds in SEEDS.items():
    folder = Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
