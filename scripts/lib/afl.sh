# Sourced by scripts/fuzz: AFL++ on the reference, in batches of scenarios.
#
#   weir_afl SECONDS JOBS      one main instance, the others secondary; what they keep is in build/afl/found
#
# Exit status: 0 nothing found; 1 something; 2 it could not be run.

weir_afl() {
  local seconds=$1 jobs=$2 build=$weir_root/build/afl found log job role status=0 pids=()
  weir_setup "${weir_packages_build[@]}" clang afl++ || return 2
  found=$build/found log=$(mktemp)
  # afl-clang-fast sees the transport's code alone: the harness shows its traces.
  if ! (cd "$weir_root" && cmake --preset release -DBUILD_TESTING=OFF &&
    cmake --build build/release --target fuzz_mutator weir && cmake --preset afl &&
    AFL_QUIET=1 AFL_LLVM_ALLOWLIST="$weir_root/fuzz/afl.allow" cmake --build "$build" --target fuzz_reference) \
    >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    weir_say "fuzz: the build for AFL++ failed"
    rm -f "$log"
    return 2
  fi
  rm -f "$log"
  mkdir -p "$build/seeds" "$found"
  printf '\0\0' >"$build/seeds/empty"
  export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_AUTORESUME=1
  export AFL_CUSTOM_MUTATOR_LIBRARY=$weir_root/build/release/lib/fuzz_mutator.so AFL_CUSTOM_MUTATOR_ONLY=1
  for job in $(seq "$jobs"); do
    role=-S
    [ "$job" -gt 1 ] || role=-M
    afl-fuzz -i "$build/seeds" -o "$found" -V "$seconds" -t 5000 $role "job$job" -- "$build/bin/fuzz_reference" \
      >"$found/job$job.log" 2>&1 &
    pids+=($!)
  done
  for job in "${pids[@]}"; do wait "$job" || status=2; done
  if [ $status -ne 0 ]; then
    tail -n 20 "$found"/job*.log >&2
    weir_say "fuzz: AFL++ did not run"
    return 2
  fi
  weir_afl_tell "$found"
}

weir_afl_tell() {
  local stats found_any=
  for stats in "$1"/job*/fuzzer_stats; do
    awk -v job="$(basename "$(dirname "$stats")")" '
      { value[$1] = $3 }
      END {
        found = value["saved_crashes"] + value["saved_hangs"]
        printf("afl %-8s %10d executions %6d inputs kept  %s\n", job, value["execs_done"], value["corpus_count"],
          (found > 0) ? "FOUND" : "nothing found")
        exit (found > 0)
      }' "$stats" || found_any=1
  done
  [ -z "$found_any" ] || { weir_say "fuzz: see $1/job*/crashes and hangs"; return 1; }
}
