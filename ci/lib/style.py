"""Rules of the code that a program can check: layers, lengths, banned names, what may lie in git.

Prints each breach as FILE:LINE: what; exit status 1 where there is one.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES, BLOB_BYTES = 900, 70, 100_000

# Which of our headers a folder may include, by how their paths begin. Includes point down only.
STACK = ("ip/", "kyu/", "link/", "memory/", "socket/", "stack.h", "sys/", "tcp/", "udp/")
SANITIZERS = STACK + ("watch/",)
FUZZ_FOLDERS = ("scenario/", "oracles/", "world/", "import/", "run/", "host/", "targets/", "triage/", "compare/", "packetdrill/",
                "bench/", "cli/", "stress/", "tests/")  # each may include from itself and from those before it
FUZZ = SANITIZERS + FUZZ_FOLDERS
BOARD = FUZZ + ("boot/", "devices/", "kernel/", "images/", "release/", "replay/", "witness/")
MAY_INCLUDE = {"stack": STACK, "sanitizers": SANITIZERS, "fuzz": FUZZ, "board": BOARD}

# (folders, pattern, why)
BANNED = (
    (("stack",), r"\bstd::mem(cpy|set|move)\b", "freestanding code uses __builtin_mem*"),
    (("stack",), r"\b(malloc|free|printf)\(|\bnew \w+[({;]", "the stack has no heap and no libc"),
    (("stack", "fuzz", "sanitizers"), r"\b(s?rand|time)\(|%p\b|unordered_", "not deterministic"),
    (("stack",), r"#include <(string|vector|map|iostream|cstdlib|cstdio|memory)>", "not freestanding"),
    (("stack",), r"\b(dynamic_cast|virtual|throw|typeid)\b", "not for a BSD reader"),
)
NOT_DETERMINISTIC_BY_PURPOSE = ("fuzz/host/", "fuzz/bench/", "fuzz/cli/", "fuzz/stress/", "fuzz/triage/")
MACHINE_PATHS = re.compile(r"/(work|root|home)/")
EXECUTABLE = re.compile(r"^(ci/[a-z-]+|ci/oss-fuzz/(check|[a-z_]+\.sh)|ci/lib/[a-z0-9_]+\.sh|\.ci/run|(fuzz|board)/tests/[a-z_]+\.py)$")


def tracked():
    out = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        mode, rest = line.split(" ", 1)
        path = rest.split("\t", 1)[1]
        if (ROOT / path).exists():
            yield path, mode == "100755"


def may_include(path):
    """What the headers begin with that it may; a unit test may take from all of fuzz/ what it needs."""
    layer, folder, *_ = path.split("/")
    if layer != "fuzz" or path.endswith("_test.cc"):
        return MAY_INCLUDE[layer]
    return SANITIZERS + FUZZ_FOLDERS[:FUZZ_FOLDERS.index(f"{folder}/") + 1]


def check_includes(path, number, line):
    m = re.match(r'#include "([^"]+)"', line)
    if m and not m[1].startswith(may_include(path)):
        yield number, f"includes {m[1]}, which is not below it"


def check_banned(path, number, line):
    code = line.split("//")[0]
    for folders, pattern, why in BANNED:
        if path.split("/")[0] not in folders or not re.search(pattern, code):
            continue
        if why == "not deterministic" and path.startswith(NOT_DETERMINISTIC_BY_PURPOSE):
            continue
        yield number, f"{re.search(pattern, code)[0]!r}: {why}"


def check_function_lengths(lines):
    """The code is formatted: a function's first line stands at the left and its last is a lone brace."""
    start = None
    for number, line in enumerate(lines, 1):
        if re.match(r"\w.*\{$", line) and not line.startswith(("namespace", "extern", "enum", "struct", "class")):
            start = number
        elif line == "}" and start is not None:
            if number - start > FUNCTION_LINES:
                yield start, f"a function of {number - start + 1} lines"
            start = None


def check_source(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield 1, f"{len(lines)} lines"
    if not path.endswith("_test.cc"):
        yield from check_function_lengths(lines)
    for number, line in enumerate(lines, 1):
        yield from check_includes(path, number, line)
        if not path.endswith("_test.cc"):
            yield from check_banned(path, number, line)
    if path.endswith(".h") and "#pragma once" not in lines[:12]:
        yield 1, "no #pragma once"


def check_file(path, executable):
    if (ROOT / path).is_symlink():
        return
    data = (ROOT / path).read_bytes()
    if executable != bool(EXECUTABLE.match(path)) and not path.endswith(".py"):
        yield 1, "executable, or should be"
    if len(data) > BLOB_BYTES:
        yield 1, f"{len(data)} bytes"
    if path.endswith(".png"):
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        yield 1, "not text"
        return
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATHS.search(line) and path != "ci/lib/style.py":
            yield number, "a path of some machine"
    if re.match(r"(stack|sanitizers|fuzz|board)/.*\.(cc|h)$", path):
        yield from check_source(path, text)


def main():
    breaches = 0
    files = list(tracked())
    for path, executable in files:
        for number, what in check_file(path, executable):
            breaches += 1
            print(f"{path}:{number}: {what}")
    sources = [p for p, _ in files if p.endswith((".cc", ".h"))]
    done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *sources], cwd=ROOT, check=False)
    print(f"style: {len(files)} files, {breaches} breaches{', and not formatted' if done.returncode else ''}")
    return 1 if breaches or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
