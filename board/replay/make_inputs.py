"""usage: make_inputs.py -o ARCHIVE [--root DIR] FILE...

Packs inputs for kyu-replay.elf (replay/inputs.cc): scripts as they are, or binary inputs. Each is named by its path
below DIR.
"""

import argparse
import struct
import sys
import zlib
from pathlib import Path

MAGIC = 0x4955594B  # "KYUI"


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def archive(files, root):
    body = b""
    for file in files:
        path = Path(file).resolve()
        name = str(path.relative_to(root) if path.is_relative_to(root) else path.name)
        name = "_".join(name.split()).encode()  # one word of a TAP line
        data = path.read_bytes()
        body += struct.pack("<II", len(name), len(data)) + padded(name) + padded(data)
    return struct.pack("<IIII", MAGIC, len(body), zlib.crc32(body), len(files)) + body


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", dest="out", required=True)
    parser.add_argument("--root", default=".")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    Path(args.out).write_bytes(archive(args.files, Path(args.root).resolve()))


if __name__ == "__main__":
    sys.exit(main())
