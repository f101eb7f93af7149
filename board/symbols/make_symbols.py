"""usage: make_symbols.py --nm NM [--elf ELF [--inlines SYMBOLIZER]] -o OUT.S

The symbol table that an image carries: every function of ELF, and with --inlines which functions are active at
each address of the project's own code, inlined ones too. Without --elf, an empty table for the first link.
board/kernel/symbols.cc reads it.
"""

import argparse
import subprocess
import sys

OWN = ("stack/", "sanitizers/", "fuzz/", "board/")


class Strings:
    def __init__(self):
        self.offsets, self.size = {}, 0

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.size += len(text.encode()) + 1
        return self.offsets[text]


def functions_of(nm, elf):
    """(start, size, name), sorted; one name for each address."""
    out = subprocess.run([nm, "-n", "-S", "-C", "--defined-only", elf], capture_output=True, text=True, check=True)
    found = {}
    for line in out.stdout.splitlines():
        parts = line.split(" ", 3)
        if len(parts) == 4 and parts[2] in "tTwW" and not parts[3].startswith("$"):
            found.setdefault(int(parts[0], 16), (int(parts[1], 16), parts[3]))
        elif len(line.split(" ", 2)) == 3:
            start, kind, name = line.split(" ", 2)
            if kind in "tT" and not name.startswith("$"):
                found.setdefault(int(start, 16), (0, name))
    return [(start, *found[start]) for start in sorted(found)]


def source_path(path):
    for folder in OWN:
        at = path.rfind("/" + folder)
        if at >= 0:
            return path[at + 1 :]
    return path


def frames_at(symbolizer, elf, addresses):
    """For each address its active functions, innermost first, as (name, file)."""
    command = [symbolizer, "--obj=" + elf, "--inlines", "--output-style=LLVM"]
    text = "".join(f"0x{a:x}\n" for a in addresses)
    out = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    for block in out.rstrip("\n").split("\n\n"):
        lines = block.splitlines()
        yield tuple((lines[i], source_path(lines[i + 1].rsplit(":", 2)[0])) for i in range(0, len(lines) - 1, 2))


def ranges_of(symbolizer, elf, functions):
    addresses = [a for start, size, name in functions if "kyu::" in name for a in range(start, start + size, 4)]
    last = None
    for address, frames in zip(addresses, frames_at(symbolizer, elf, addresses)):
        if frames != last:
            yield address, frames
            last = frames


def write(out, functions, ranges):
    strings, frames, first_of = Strings(), [], {}
    function_words, range_words = [], []
    for start, _, name in functions:
        function_words += [start, strings.add(name)]
    for start, chain in ranges:
        if chain not in first_of:
            first_of[chain] = len(frames)
            frames += [(strings.add(n), strings.add(f)) for n, f in chain]
        range_words += [start, first_of[chain], len(chain)]
    words = lambda numbers: "".join(f"  .word {n}\n" for n in numbers)
    out.write('  .section .symbols, "a"\n  .balign 4\n  .global symbol_table\nsymbol_table:\n')
    out.write(words([len(functions), len(range_words) // 3, len(frames)]))
    out.write("  .word functions, ranges, frames, strings\n")
    out.write("functions:\n" + words(function_words))
    out.write("ranges:\n" + words(range_words))
    out.write("frames:\n" + words([n for f in frames for n in f]))
    out.write("strings:\n" + "".join('  .asciz "%s"\n' % s.replace('"', '\\"') for s in strings.offsets))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nm", required=True)
    parser.add_argument("--elf")
    parser.add_argument("--inlines")
    parser.add_argument("-o", dest="out", required=True)
    args = parser.parse_args()
    functions = functions_of(args.nm, args.elf) if args.elf else []
    ranges = ranges_of(args.inlines, args.elf, functions) if args.elf and args.inlines else []
    with open(args.out, "w", encoding="utf-8") as out:
        write(out, functions, list(ranges))


if __name__ == "__main__":
    sys.exit(main())
