#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Relays one connection: LISTEN-SOCKET SERVER-SOCKET FILE. What the client sends goes to FILE too, from
its first SET on: the commands of a replay, without those of connecting."""
import socket
import sys
import threading

FIRST = b"\r\n$3\r\nSET\r\n"
CHUNK_BYTES = 1 << 18


def relay_replies(server, client):
    while chunk := server.recv(CHUNK_BYTES):
        client.sendall(chunk)


def relay_commands(client, server, file):
    before = b""
    while chunk := client.recv(CHUNK_BYTES):
        server.sendall(chunk)
        if before is not None:
            before += chunk
            if FIRST not in before:
                continue
            chunk, before = before[before.rindex(b"*", 0, before.index(FIRST)) :], None
        file.write(chunk)


def main(listen_path, server_path, file_path):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as server:
        server.connect(server_path)
        listener.bind(listen_path)
        listener.listen()
        client, _ = listener.accept()
        threading.Thread(target=relay_replies, args=(server, client), daemon=True).start()
        with open(file_path, "wb") as file:
            relay_commands(client, server, file)


main(*sys.argv[1:])
