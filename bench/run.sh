#!/usr/bin/env bash
# One training step of Ravine beside the same step of PyTorch, in one run: workload by workload, first one then the other,
# so that both meet the same machine. ./dev bench builds the program and calls this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

help() {
    cat <<'END_OF_HELP'
usage: ./dev bench [--threads N] [--precision f32|bf16|f64] [--seconds S] [--rounds N] [--best] [WORKLOAD ...]

  --threads N     threads of both (1)
  --precision P   of both (f32)
  --seconds S     at least so long for each measurement (0.5)
  --rounds N      measure both so many times, in turn, and count the fastest of each (1): what other programs do on a
                  shared machine only ever adds time
  --best          PyTorch in the faster of f32 and bf16 (autocast), whatever Ravine computes in
  WORKLOAD        some of spiral rings fc500 mnist-cnn lenet resnet18 (all of them)

PyTorch's time is always that of its faster memory format. RAVINE names the program (build/release/ravine), PYTHON the
interpreter that has PyTorch.
END_OF_HELP
}
fail() { printf 'bench: %s\n' "$*" >&2; exit 2; }

program=${RAVINE:-build/release/ravine}
threads=1 precision=f32 seconds=0.5 rounds=1 best=() workloads=()
while (($#)); do
    case "$1" in
        --threads | --precision | --seconds | --rounds)
            (($# > 1)) || fail "$1 wants a value"
            printf -v "${1#--}" '%s' "$2"
            shift 2 ;;
        --best) best=(--best); shift ;;
        -h | --help) help; exit ;;
        -*) help >&2; fail "unknown option $1" ;;
        *) workloads+=("$1"); shift ;;
    esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail "--rounds wants a whole number from 1 on, not '$rounds'"
((${#workloads[@]})) || workloads=(spiral rings fc500 mnist-cnn lenet resnet18)
[[ -x $program ]] || fail "$program: no such program; ./dev build makes it"

# The first interpreter that has PyTorch: Debian's stands in /usr/bin, whatever else is called python3.
python=
for candidate in ${PYTHON:-python3 /usr/bin/python3}; do
    if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
done
[[ $python ]] || echo "bench: no PyTorch found (Debian's package python3-torch): Ravine alone" >&2

options=(--threads "$threads" --precision "$precision" --seconds "$seconds")
# The value of a member of a JSON object in one line.
member() { grep -oP "\"$1\": ?\"?\K[^\",}]+" <<<"$2"; }
# The line with fewer milliseconds, of two; the first may be empty.
faster() {
    local line=${1:-$2}
    if awk -v a="$(member ms "$line")" -v b="$(member ms "$2")" 'BEGIN { exit !(b < a) }'; then line=$2; fi
    echo "$line"
}
ratio_of() { awk -v a="$(member ms "$1")" -v b="$(member ms "$2")" 'BEGIN { printf "%.2f", a / b }'; }

printf '%s, %s thread%s, milliseconds a step\n' "$precision" "$threads" "$([[ $threads == 1 ]] || echo s)"
[[ ! $python ]] || "$python" -c 'import torch; print("PyTorch", torch.__version__)'
printf '%-10s  %10s  %8s  %5s  %10s  %7s  %-11s  %s\n' workload ravine GFLOP/s peak pytorch ratio "each round" \
    "pytorch's way"
for workload in "${workloads[@]}"; do
    ours='' theirs='' ratios=() peak=0
    for ((round = 0; round < rounds; ++round)); do
        our_line=$("$program" bench steps --json "${options[@]}" "$workload")
        ours=$(faster "$ours" "$our_line")
        peak=$(awk -v a="$peak" -v b="$(member peak_gflop_per_second "$our_line")" 'BEGIN { print (b > a ? b : a) }')
        [[ $python ]] || continue
        their_line=$("$python" bench/peers/pytorch_steps.py "${options[@]}" "${best[@]}" "$workload")
        theirs=$(faster "$theirs" "$their_line")
        ratios+=("$(ratio_of "$their_line" "$our_line")")
    done
    rate=$(printf '%.4g' "$(member gflop_per_second "$ours")")
    share=$(awk -v x="$(member gflop_per_second "$ours")" -v peak="$peak" 'BEGIN { printf "%.0f%%", 100 * x / peak }')
    their_time=- ratio=- range=- way=
    if [[ $python ]]; then
        their_time=$(printf '%.4g' "$(member ms "$theirs")")
        ratio=$(ratio_of "$theirs" "$ours")x
        ((rounds == 1)) || range=$(printf '%s\n' "${ratios[@]}" | sort -n | sed -n '1p;$p' | paste -sd-)
        way=$(member precision "$theirs")
        [[ $(member channels_last "$theirs") == false ]] || way+=", channels last"
    fi
    printf '%-10s  %10s  %8s  %5s  %10s  %7s  %-11s  %s\n' "$workload" "$(printf '%.4g' "$(member ms "$ours")")" \
        "$rate" "$share" "$their_time" "$ratio" "$range" "$way"
done
echo "GFLOP/s, peak: Ravine's products and convolutions, and the share of what a large matrix product reaches here"
[[ ! $python ]] || echo "ratio: PyTorch's time over Ravine's; above 1 Ravine is faster; each round: the least and the most of single rounds"
