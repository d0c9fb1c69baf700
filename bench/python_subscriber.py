#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one would write in Python: SOCKET PATTERN COUNT; prints each payload, ends after COUNT."""
import sys

import redis


def main(path, pattern, count):
    pubsub = redis.Redis(unix_socket_path=path).pubsub(ignore_subscribe_messages=True)
    pubsub.psubscribe(pattern)
    for number, message in enumerate(pubsub.listen(), 1):
        sys.stdout.buffer.write(message["data"] + b"\n")
        if number == int(count):
            return


main(*sys.argv[1:])
