#!/usr/bin/env bash
# Trains all models of this benchmark on the train split, with fixed seeds, and puts the weights in
# models/. Not part of the demo: the weights are committed. Root; needs: mmdebstrap util-linux.
# Use:  train.sh [ENVIRONMENT_DIR]     default: a temporary folder that is removed afterwards
# About 6 minutes on two cores, of which the environment takes one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
models=$here/../models
work=$(mktemp -d "${TMPDIR:-/tmp}/cxr-training.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
environment=${1:-$work/environment}
export TRAINING_OUTPUT=$work/output
mkdir -p "$TRAINING_OUTPUT"
"$here/environment.sh" "$environment"
in_environment() { "$here/environment.sh" "$environment" --run python3 "$@"; }

in_environment /benchmark/training/train_logistic.py
# One thread each: a second one does not make so small a net faster, and changes the weights.
in_environment /benchmark/training/train_cnn.py cnn --seed 0 > "$work/cnn.log" 2>&1 &
first=$!
in_environment /benchmark/training/train_cnn.py cnn-robust --robust --seed 0 > "$work/robust.log" 2>&1 &
second=$!
failed=0
wait $first || failed=1
wait $second || failed=1
grep -hv Warning "$work/cnn.log" "$work/robust.log"
[ $failed = 0 ] || { echo "train.sh: a training run failed, nothing was replaced" >&2; exit 1; }

cp "$TRAINING_OUTPUT/lr-pixel.weights.csv" "$models/lr-pixel/weights.csv"
cp "$TRAINING_OUTPUT/lr-hog.weights.csv" "$models/lr-hog/app/weights.csv"
for name in cnn cnn-robust; do
  cp "$TRAINING_OUTPUT/$name.onnx" "$models/$name/weights.onnx"
  cp "$TRAINING_OUTPUT/$name.test-probabilities.csv" "$models/$name/torch-test-probabilities.csv"
done
echo "train.sh: weights written to $models"
