#!/bin/bash -eu
# Builds the fuzz targets as OSS-Fuzz and its like want them: into $OUT, each with seeds, dictionary and options; with
# $CXX, $CXXFLAGS, $LIB_FUZZING_ENGINE, $SANITIZER, $ARCHITECTURE, in $WORK, from $SRC.
options=(-DKYU_OSS_FUZZ=ON -DKYU_FUZZERS=ON)
case "$SANITIZER" in
  address | undefined | memory) options+=(-DKYU_SANITIZE="$SANITIZER") ;;
esac
[ "${ARCHITECTURE:-x86_64}" = i386 ] && options+=(-DKYU_M32=ON)

build=$WORK/kyufuzz
cmake -S "$SRC/kyufuzz" -B "$build" -G Ninja "${options[@]}" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
  -DKYU_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build"

for target in fuzz_stack fuzz_api fuzz_packet fuzz_schedule fuzz_pair; do
  cp "$build/fuzz/$target" "$OUT/"
  made=$build/seeds/$target
  "$build/fuzz/make_seeds" "$target" "$made" "$SRC"/kyufuzz/corpus/{seeds,concurrent,regressions}/*.scenario
  cp "$made/$target.dict" "$OUT/"
  (cd "$made/seeds" && rm -f "$OUT/${target}_seed_corpus.zip" && python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" .)
  cp "$SRC/kyufuzz/ci/oss-fuzz/$target.options" "$OUT/"
done
