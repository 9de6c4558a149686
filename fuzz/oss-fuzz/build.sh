#!/bin/bash -eu
# Builds what OSS-Fuzz and ClusterFuzzLite run, by their rules: with $CC, $CFLAGS and
# $LIB_FUZZING_ENGINE, into $OUT: a program a target, its seeds, dictionary and options.
targets=(scenario_text scenario_bytes trace_binary trace_jsonl records target_file expectations reference)
source=${WEIR_SOURCE:-$SRC/weir}
build=$WORK/weir

cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" \
  -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS" -DWEIR_ENGINE="$LIB_FUZZING_ENGINE" -DWEIR_FUZZ=ON \
  -DWEIR_STATIC=ON -DBUILD_TESTING=OFF
cmake --build "$build" --target fuzz_seeds "${targets[@]/#/fuzz_}"
"$build/bin/fuzz_seeds" "$source/conformance/cases" "$build/seeds"

for target in "${targets[@]}"; do
  cp "$build/bin/fuzz_$target" "$OUT/"
  [ ! -e "$source/fuzz/$target.dict" ] || cp "$source/fuzz/$target.dict" "$OUT/fuzz_$target.dict"
  places=()
  for place in "$build/seeds/$target" "$source/corpus/$target"; do
    [ ! -d "$place" ] || places+=("$place")
  done
  [ ${#places[@]} -eq 0 ] ||
    python3 -m zipfile -c "$OUT/fuzz_${target}_seed_corpus.zip" "${places[@]}"
  size=4096
  case $target in scenario_text | trace_jsonl) size=16384 ;; esac
  printf '[libfuzzer]\nmax_len = %d\ntimeout = 10\n' $size >"$OUT/fuzz_$target.options"
done
