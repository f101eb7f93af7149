#!/usr/bin/env bash
# usage: ci/lib/runs_32_bit.sh: exit status 0 where programs for 32 bit x86 run; 1 where they do not, as on a kernel that
# was built without them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int main() { return 0; }' >"$work/nothing.c"
clang-19 -m32 -o "$work/nothing" "$work/nothing.c"
"$work/nothing" 2>/dev/null || exit 1
