# Where the demo lives and who takes part; sourced by the other scripts here.
STATE=${MEDPERF_DEMO_STATE:-/var/lib/medperf-demo}
PREFIX=${MEDPERF_DEMO_PREFIX:-/opt/medperf-demo}
PORT=${MEDPERF_DEMO_PORT:-18443}
HUB_URL=https://localhost:$PORT
IMAGES=$TOP/build/images   # archives of the images: building them again would give the same
USER_PREFIX=${MEDPERF_DEMO_USERS:-medperf-demo-}

HOSPITALS=(hospital-a hospital-b hospital-c hospital-d hospital-e)
VENDORS=(vendor-1 vendor-2)
ROLES=(admin group "${HOSPITALS[@]}" "${VENDORS[@]}")   # the nine accounts on the hub
SERVERS=(group "${VENDORS[@]}")                          # those who serve images from a web server of their own
declare -A SERVER_PORT=([group]=$((PORT + 1)) [vendor-1]=$((PORT + 2)) [vendor-2]=$((PORT + 3)))

BENCHMARK_NAME=chest-xray-pneumonia   # as in benchmarks/chest-xray/benchmark.yaml
