#!/usr/bin/env bash
# Builds the training environment (torch, numpy, scikit-learn, onnx of Debian) as a folder that is
# entered with chroot. It stands apart because Debian 12's python3-torch cannot be installed beside
# the libboost1.81 that the platform is built with. Root; needs: mmdebstrap. About 30 s and 1.7 GB.
# Use:  environment.sh DIR                     make DIR if it is not there
#       environment.sh DIR --run COMMAND...    run COMMAND in it, this benchmark bound to /benchmark
set -euo pipefail
dir=${1:?DIR}; shift
benchmark=$(cd "$(dirname "$0")/.." && pwd)
if [ ! -e "$dir/.complete" ]; then
  . /etc/os-release
  sources=()
  for f in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    if [ -s "$f" ] && grep -Eq '^[^#]' "$f"; then sources=("$f"); break; fi
  done
  rm -rf --one-file-system "$dir"
  mkdir -p "$dir"
  mmdebstrap --quiet --variant=extract --dpkgopt=force-unsafe-io \
    --include=python3-torch,python3-onnx,python3-scipy,python3-sklearn,libopenblas0-pthread,base-files,bash,coreutils \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    "$VERSION_CODENAME" "$dir" "${sources[@]}"
  mkdir -p "$dir/benchmark" "$dir/output"
  touch "$dir/.complete"
fi
[ "${1:-}" = --run ] || exit 0
shift
libraries=/usr/lib/$(uname -m)-linux-gnu
# A mount namespace of its own: what is bound in disappears with the last process.
DIR=$dir BENCHMARK=$benchmark OUTPUT=${TRAINING_OUTPUT:?folder for what is written} \
  exec unshare --mount --propagation private bash -c '
    set -e
    mount --bind "$BENCHMARK" "$DIR/benchmark"
    mount --bind -o ro "$BENCHMARK" "$DIR/benchmark"
    mount --bind "$OUTPUT" "$DIR/output"
    mkdir -p "$DIR/proc" "$DIR/dev" "$DIR/tmp"
    mount -t proc proc "$DIR/proc"
    mount --bind /dev "$DIR/dev"
    exec chroot "$DIR" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1 \
      LD_LIBRARY_PATH="'"$libraries/openblas-pthread:$libraries/blas:$libraries/lapack"'" \
      OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$@"' environment "$@"
