#!/usr/bin/env bash
# What Ravine does, in a minute: trains on three spirals, evaluates, draws, compares optimizers fairly, runs a paper's study
# again in short, and minimises a function; where MNIST is found it trains on that too. ./dev demo builds first and calls this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ravine=build/release/ravine
out=${1:-runs/demo}
rm -rf "$out"

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
show() { say "ravine $*"; "$ravine" "$@"; }

show train spiral --optimizer adam:learning_rate=0.003 --epochs 40 --out "$out/spiral"
show evaluate "$out/spiral"
show compare spiral --optimizer sgd --optimizer momentum --optimizer adam --epochs 20 --seeds 6 --tune learning_rate \
    --budget 5 --out "$out/comparison"
show reproduce acet --quick --out "$out/acet"
show minimize rosenbrock --optimizer momentum:learning_rate=0.0005 --optimizer adam:learning_rate=0.05 \
    --steps 1000 --plot "$out/rosenbrock.svg"

# MNIST where it is found: in RAVINE_DATA, the cache, or a folder of shared data beside the project.
data=()
if [[ -z "${RAVINE_DATA-}" && -d ../shared/data/mnist ]]; then data=(--data-dir ../shared/data); fi
say "ravine train mnist --model mlp:hidden=300-100 --epochs 2"
if "$ravine" train mnist "${data[@]}" --model mlp:hidden=300-100 --epochs 2 --out "$out/mnist"; then
    trained_mnist=1
else
    trained_mnist=
    echo "MNIST was not found: that part is left out (docs/data.md says where it is looked for)."
fi

say "Pictures to look at"
printf '%s\n' "$out/spiral/boundary.svg   where the net puts each class" \
    "$out/spiral/curves.svg     loss, accuracy and learning rate" \
    "$out/comparison/report.html  curves, table and tests of the comparison, for a browser" \
    "$out/acet/report.html  a paper's study run again: tables, claims and figures" \
    "$out/rosenbrock.svg        paths of two optimizers"
if [[ $trained_mnist ]]; then echo "$out/mnist/curves.svg      loss and accuracy on MNIST"; fi

say "What to try next"
cat <<'END'
build/release/ravine list optimizers
build/release/ravine describe nesterov
build/release/ravine train moons --model mlp:hidden=16,activation=tanh --optimizer nadam --schedule cosine
build/release/ravine train my.csv --target price
build/release/ravine train mnist --model cnn --epochs 8
END
