#!/usr/bin/env bash
# usage: ci/lib/arm.sh: compiles every source of stack/ for the board's processor, freestanding. The
# stack must not need more than what a freestanding compiler may call.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
flags=(-std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti -mcpu=cortex-a7 -Wall -Wextra -Wshadow -Werror)
find stack -name '*.cc' ! -name '*_test.cc' -print0 |
  xargs -0 -P "$(nproc)" -I{} sh -c 'arm-none-eabi-g++ "$@" -Istack -c {} -o "$0/$(echo {} | tr / _).o"' "$out" "${flags[@]}"
allowed='^(mem(cpy|move|set|cmp)|__aeabi_.*)$'
foreign=$(arm-none-eabi-nm -u "$out"/*.o | awk '$1 == "U" && $2 !~ /^_ZN?K?3kyu/ {print $2}' | sort -u | grep -vE "$allowed" || true)
if [ -n "$foreign" ]; then
  echo "arm: the stack calls what a board does not have:" $foreign >&2
  exit 1
fi
arm-none-eabi-size -t "$out"/*.o | awk 'END {print "arm: " $1 " bytes of code and constants"}'
