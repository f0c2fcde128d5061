#!/usr/bin/env bash
# A throw-away Slurm cluster on loopback, several nodes on one machine. Root; packages slurm-wlm and munge.
#   cluster.sh start DIR NODES   prints the path of slurm.conf
#   cluster.sh stop DIR
# Keys, state, logs and pids lie in DIR; the machine's own configuration is not touched. Every wait is bounded.
# Environment: SLURM_BASE_PORT, SLURM_CPUS_PER_NODE, SLURM_MEM_PER_NODE (MiB), SLURM_NODE_TIMEOUT (seconds until a
# node that does not answer is taken for dead). SLURM_ACCOUNTING=1 adds slurmdbd on a MariaDB of its own (packages
# slurmdbd, mariadb-server-core, mariadb-client-core) with account "hospital" and qos "night", both enforced.
# SLURM_TEST_GPUS=N gives node n1 N made-up GPUs: devices of no use, so that
# Slurm counts and gives them out and no container starts with one.
set -euo pipefail
command=${1:?start or stop} dir=${2:?DIR} nodes=${3:-2}
port=${SLURM_BASE_PORT:-16817} cpus=${SLURM_CPUS_PER_NODE:-2} memory=${SLURM_MEM_PER_NODE:-4000}
export PATH=$PATH:/usr/sbin:/sbin

until_works() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until timeout 30 "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { echo "cluster.sh: timed out: $* (logs: $dir/log)" >&2; return 1; }
    sleep 0.1
  done
}

stop_all() { # PID_FILE...: asks all, waits at most 20 s together, then kills
  local file pid pids=()
  for file in "$@"; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2> /dev/null && pids+=("$pid")
  done
  local end=$((SECONDS + 20))
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2> /dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 0.05; done
    kill -9 "$pid" 2> /dev/null || true
  done
}

if [ "$command" = stop ]; then
  stop_all "$dir"/run/slurmd-*.pid "$dir"/run/slurmctld.pid
  stop_all "$dir"/run/slurmdbd.pid
  stop_all "$dir"/run/mariadbd.pid
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
until_works 120 munge -n --socket="$dir/run/munge.sock"

# A requeued task waits until its old credential has expired: 2 minutes unless cred_expire says less.
host=$(hostname)
accounting=accounting_storage/none
if [ "${SLURM_ACCOUNTING:-0}" = 1 ]; then
  accounting=accounting_storage/slurmdbd
  password=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
  mariadb-install-db --no-defaults --datadir="$dir/db" --user=root --auth-root-authentication-method=normal --skip-test-db \
    > "$dir/log/mariadb-install.log" 2>&1
  mariadbd --no-defaults --datadir="$dir/db" --user=root --socket="$dir/run/db.sock" --pid-file="$dir/run/mariadbd.pid" \
    --bind-address=127.0.0.1 --port=$((port + 2)) --innodb-buffer-pool-size=16M --innodb-lock-wait-timeout=900 \
    --log-error="$dir/log/mariadbd.log" > /dev/null 2>&1 9>&- &
  database=(mariadb --no-defaults --socket="$dir/run/db.sock" --user=root)
  until_works 180 "${database[@]}" --execute='select 1'
  "${database[@]}" --execute="create database slurm; grant all on slurm.* to 'slurm'@'127.0.0.1' identified by '$password'"
  (umask 077; cat > "$dir/etc/slurmdbd.conf" << CONF
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.sock
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((port + 1))
SlurmUser=root
LogFile=$dir/log/slurmdbd.log
PidFile=$dir/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 2))
StorageUser=slurm
StoragePass=$password
StorageLoc=slurm
CONF
  )
fi
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
AccountingStorageType=$accounting
CONF
  if [ "$accounting" = accounting_storage/slurmdbd ]; then
    echo "AccountingStorageHost=127.0.0.1"
    echo "AccountingStoragePort=$((port + 1))"
    echo "AccountingStoragePass=$dir/run/munge.sock"
    echo "AccountingStorageEnforce=associations,limits,qos"
    echo "JobAcctGatherType=jobacct_gather/linux"
    echo "JobAcctGatherFrequency=task=1"
  fi
  [ "${SLURM_TEST_GPUS:-0}" = 0 ] || echo "GresTypes=gpu"
  for node in $(seq "$nodes"); do
    gres=
    [ "$node" != 1 ] || [ "${SLURM_TEST_GPUS:-0}" = 0 ] || gres="Gres=gpu:$SLURM_TEST_GPUS"
    echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 10 + node)) CPUs=$cpus RealMemory=$memory $gres State=UNKNOWN"
  done
  echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=60 State=UP"
} > "$dir/etc/slurm.conf"
export SLURM_CONF=$dir/etc/slurm.conf
if [ "${SLURM_TEST_GPUS:-0}" != 0 ]; then
  for gpu in $(seq 0 $((SLURM_TEST_GPUS - 1))); do mknod "$dir/gpu$gpu" c 1 3; done
  echo "NodeName=n1 Name=gpu File=$dir/gpu[0-$((SLURM_TEST_GPUS - 1))]" > "$dir/etc/gres.conf"
fi
if [ "$accounting" = accounting_storage/slurmdbd ]; then
  slurmdbd
  until_works 180 sacctmgr --noheader show cluster
  sacctmgr --immediate add cluster medperf > /dev/null
  sacctmgr --immediate add account hospital > /dev/null
  sacctmgr --immediate add qos night > /dev/null
  sacctmgr --immediate add user root account=hospital qos=normal,night > /dev/null
fi
slurmctld -c
until_works 180 scontrol ping
for node in $(seq "$nodes"); do slurmd -N "n$node"; done
until_works 180 sh -c "[ \"\$(sinfo -h -N -t idle -o %N | wc -l)\" = $nodes ]"
echo "$SLURM_CONF"
