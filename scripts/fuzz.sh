#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: runs fuzz targets (default: every one of the source) from their seeds on, each for so many
# seconds. What they find on the way is kept in build/corpus, so that the next run goes on from there.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
seconds=${1:?seconds for each target}
shift
wanted=" $* " status=0
cmake --preset fuzz > /dev/null && cmake --build build/fuzz --parallel "$(nproc)" ${1:+--target "$@"} || exit 1
for source in src/*/fuzz/fuzz_*.cpp; do
  target=$(basename "$source" .cpp) seeds=$(dirname "$source")/corpus/$(basename "$source" .cpp)
  [ "$wanted" = "  " ] || [[ "$wanted" == *" $target "* ]] || continue
  found=build/corpus/$target
  echo "== $target"
  mkdir -p "$found"
  if [ -d "$seeds" ] && "build/fuzz/src/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
      -artifact_prefix="build/corpus/$target-" "$found" "$seeds" > "$found.log" 2>&1; then
    tail -n 2 "$found.log"
  else
    status=1
    [ -d "$seeds" ] || echo "it has no seeds: $seeds"
    tail -n 60 "$found.log"
  fi
done
exit "$status"
