#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns raw records (stdin) into the PUBLISH commands that send them (stdout), for redis-cli --pipe."""
import re
import sys

RECORD = re.compile(rb'\{"source":\{.*?"key":"([^"\\]+)".*?\},"raw":(\{.*\})\}\n')

for line in sys.stdin.buffer:
    key, payload = RECORD.fullmatch(line).groups()
    sys.stdout.buffer.write(
        b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(key), key, len(payload), payload)
    )
