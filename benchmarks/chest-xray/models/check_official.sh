#!/usr/bin/env bash
# The committed models' figures on the untouched official test split, OpenCV against torch, speed, and
# the simulated hospitals against sites/expected.csv. The last line is "N passed, M failed".
# Use:  check_official.sh [BUILD_DIR]     default: build/release of this checkout
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/check.py" all --programs "${1:-$here/../../../build/release}"
