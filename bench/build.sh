#!/usr/bin/env bash
# How long a newcomer waits: ./dev demo and then ./dev test in a fresh clone of what is committed here, without a compiler
# cache, and ./dev test once more after a change to one update rule. On a machine without the packages their installation
# counts in. What else runs on the machine is in the figures: leave it alone meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet . "$folder/ravine"
cd "$folder/ravine"
export CCACHE_DISABLE=1

measure() { # measure NAME COMMAND...
    local begin=$SECONDS
    if ! "${@:2}" >"$folder/output" 2>&1; then
        tail -40 "$folder/output" >&2
        echo "bench: $1 failed" >&2
        exit 1
    fi
    printf '%-44s %4d s\n' "$1" $((SECONDS - begin))
}

measure "./dev demo" ./dev demo
measure "./dev test after it" ./dev test
echo "// A change." >>ravine/optim/rules/nadam.cpp
measure "./dev test after a change to one rule" ./dev test
