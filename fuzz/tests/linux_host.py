"""A network namespace with Linux in it and a TAP device to the stack: what the tests against Linux share."""

import ctypes
import os
import socket
import subprocess
import sys

STACK, CLIENT = "10.77.0.1", "10.77.0.2"
CANNOT = 77


def ip(*args):
    subprocess.run(["ip", *args], check=True, stderr=subprocess.PIPE)


class Namespace:
    """A network namespace with one TAP device, entered by this process for as long as it lives."""

    def __init__(self):
        self.name = f"kyufuzz-{os.getpid()}"

    def __enter__(self):
        try:
            ip("netns", "add", self.name)
            with open(f"/run/netns/{self.name}", "rb") as ns:
                setns(ns.fileno())
            ip("link", "set", "lo", "up")
            ip("tuntap", "add", "dev", "kyu0", "mode", "tap")
            ip("addr", "add", f"{CLIENT}/24", "dev", "kyu0")
            ip("link", "set", "kyu0", "up")
        except (OSError, subprocess.CalledProcessError) as e:
            detail = getattr(e, "stderr", b"") or b""
            print(f"no network namespace here: {e} {detail.decode().strip()}")
            sys.exit(CANNOT)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def setns(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def ping(size):
    """An echo request from a raw socket; true where the same bytes come back."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.settimeout(30)
        body = b"\x12\x34\x00\x01" + bytes(i & 255 for i in range(size))
        words = b"\x08\x00\x00\x00" + body + b"\x00" * (len(body) % 2)
        total = sum(words[i] << 8 | words[i + 1] for i in range(0, len(words), 2))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        s.sendto(b"\x08\x00" + (~total & 0xFFFF).to_bytes(2, "big") + body, (STACK, 0))
        while True:
            answer = s.recv(65536)[20:]
            if answer[:1] == b"\x00":
                return answer[4:] == body
