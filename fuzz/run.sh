#!/usr/bin/env bash
# Runs the fuzzer on one target, or on each for the same time; ./dev fuzz builds it and calls this.
# What it learns stays in build/fuzz/corpus; what breaks something is build/fuzz/findings/TARGET-...
set -euo pipefail

program=build/fuzz/fuzz/fuzz_ravine
minutes=1 chosen=()
while (($#)); do
    case "$1" in
        --minutes) minutes=${2:?--minutes needs a number}; shift ;;
        -*) echo "usage: ./dev fuzz [TARGET] [--minutes N]" >&2; exit 2 ;;
        *) chosen+=("$1") ;;
    esac
    shift
done
mapfile -t known < <("$program" || true)
((${#chosen[@]})) || chosen=("${known[@]}")
for target in "${chosen[@]}"; do
    [[ " ${known[*]} " == *" $target "* ]] || { echo "no target '$target'; there are: ${known[*]}" >&2; exit 2; }
done

seconds=$(awk -v minutes="$minutes" 'BEGIN { print int(60 * minutes) }')
((seconds > 0)) || { echo "--minutes: expected a number above 0, found '$minutes'" >&2; exit 2; }
# Files that are read a thousand times a second belong into memory; one thread tells the same story each time.
[[ -w /dev/shm ]] && export TMPDIR=/dev/shm
export OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0 UBSAN_OPTIONS=print_stacktrace=1
mkdir -p build/fuzz/findings
status=0
for target in "${chosen[@]}"; do
    mkdir -p "build/fuzz/corpus/$target"
    printf '\033[1m==> %s, %s s\033[0m\n' "$target" "$seconds"
    # 1 GB is what a reader may take before it refuses (docs/data.md); the program itself and the sanitizers' notes on
    # memory come on top.
    "$program" --target="$target" "build/fuzz/corpus/$target" "fuzz/corpus/$target" -max_total_time="$seconds" \
        -timeout=20 -report_slow_units=5 -rss_limit_mb=3000 -malloc_limit_mb=1100 \
        -artifact_prefix="build/fuzz/findings/$target-" -print_final_stats=1 -verbosity=0 2>"build/fuzz/findings/$target.log" ||
        { status=1; tail -n 40 "build/fuzz/findings/$target.log"; }
    grep -E 'number_of_executed_units|peak_rss_mb' "build/fuzz/findings/$target.log" || true
done
((status == 0)) || echo "Add what was found to fuzz/corpus/TARGET/, and mend what it breaks." >&2
exit $status
