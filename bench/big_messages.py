#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes COUNT rustic messages of 1 MiB, as raw records on three topics."""
import json
import sys

MESSAGE_BYTES = 1 << 20
FIRST_ID = 9623797206574182400
FIRST_MS = 1768000000000
WORDS = "The quick brown fox jumps over the lazy dog; “çà et là”. "


def message(number, text):
    return {
        "sender": {"id": "writer", "name": "Writer"},
        "topics": f"big-{number % 3}",
        "payload": {"text": text},
        "format": "research.messages.Report",
        "thread": [FIRST_ID],
        "topic_published_to": f"big-{number % 3}",
        "process_status": "running",
        "id": FIRST_ID + (number << 22),
        "priority": 4,
        "timestamp": FIRST_MS + number,
    }


def main(count):
    room = MESSAGE_BYTES - len(json.dumps(message(0, "")))
    text = WORDS * (room // len(WORDS.encode()))
    for number in range(int(count)):
        source = {"via": "file", "key": f"big:big-{number % 3}", "dialect": "rustic"}
        record = {"source": source, "raw": message(number, text)}
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        sys.stdout.buffer.write(line.encode() + b"\n")


main(*sys.argv[1:])
