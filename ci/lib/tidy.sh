#!/usr/bin/env bash
# usage: ci/lib/tidy.sh BUILD_FOLDER [FILE...]: clang-tidy over the stack, or over FILEs. Silent where clean.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
[ $# -gt 0 ] || mapfile -t files < <(find stack -name '*.cc' ! -name '*_test.cc' | sort)
[ $# -eq 0 ] || files=("$@")
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 8 clang-tidy-19 -p "$build" --quiet 2> >(grep -v 'warnings generated' >&2) |
  { grep -v '^\[.*Processing file' || true; }
