#!/usr/bin/env bash
# A throw-away Slurm cluster on loopback, several nodes on one machine. Root; packages slurm-wlm and munge.
#   cluster.sh start DIR NODES   prints the path of slurm.conf
#   cluster.sh stop DIR
# Keys, state, logs and pids lie in DIR; the machine's own configuration is not touched. Every wait is bounded.
# Environment: SLURM_BASE_PORT, SLURM_CPUS_PER_NODE, SLURM_MEM_PER_NODE (MiB), SLURM_NODE_TIMEOUT (seconds until a
# node that does not answer is taken for dead).
set -euo pipefail
command=${1:?start or stop} dir=${2:?DIR} nodes=${3:-2}
port=${SLURM_BASE_PORT:-16817} cpus=${SLURM_CPUS_PER_NODE:-2} memory=${SLURM_MEM_PER_NODE:-4000}
export PATH=$PATH:/usr/sbin:/sbin

until_works() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until timeout 5 "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { echo "cluster.sh: timed out: $* (logs: $dir/log)" >&2; return 1; }
    sleep 0.1
  done
}

stop_all() { # PID_FILE...: asks all, waits at most 8 s together, then kills
  local file pid pids=()
  for file in "$@"; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2> /dev/null && pids+=("$pid")
  done
  local end=$((SECONDS + 8))
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2> /dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 0.05; done
    kill -9 "$pid" 2> /dev/null || true
  done
}

if [ "$command" = stop ]; then
  stop_all "$dir"/run/slurmd-*.pid "$dir"/run/slurmctld.pid
  stop_all "$dir"/run/munged.pid
  exit 0
fi

mkdir -p "$dir"/{run,log,state,etc}
for node in $(seq "$nodes"); do mkdir -p "$dir/spool/n$node"; done
chmod 755 "$dir" "$dir/run" "$dir/etc"
head -c 128 /dev/urandom > "$dir/etc/munge.key"
chmod 600 "$dir/etc/munge.key"
munged --force --key-file="$dir/etc/munge.key" --socket="$dir/run/munge.sock" --pid-file="$dir/run/munged.pid" \
  --log-file="$dir/log/munged.log" --seed-file="$dir/state/munged.seed" --num-threads=2
until_works 10 munge -n --socket="$dir/run/munge.sock"

# A requeued task waits until its old credential has expired: 2 minutes unless cred_expire says less.
host=$(hostname)
{
  cat << CONF
ClusterName=medperf
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.sock,cred_expire=5
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=200
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
MinJobAge=3600
KillWait=5
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=${SLURM_NODE_TIMEOUT:-30}
AccountingStorageType=accounting_storage/none
CONF
  for node in $(seq "$nodes"); do
    echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 10 + node)) CPUs=$cpus RealMemory=$memory State=UNKNOWN"
  done
  echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=60 State=UP"
} > "$dir/etc/slurm.conf"
export SLURM_CONF=$dir/etc/slurm.conf
slurmctld -c
until_works 20 scontrol ping
for node in $(seq "$nodes"); do slurmd -N "n$node"; done
until_works 30 sh -c "[ \"\$(sinfo -h -N -t idle -o %N | wc -l)\" = $nodes ]"
echo "$SLURM_CONF"
