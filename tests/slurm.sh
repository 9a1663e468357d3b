# Sourced by tests that need a Slurm: a cluster of their own on this machine, with its own key,
# ports and files in $dir/slurm, reached on the loopback alone.

# slurm_start NODES: nodes node1, node2, ... of one core each. Sets SLURM_CONF. Where it cannot
# be, the test ends as skipped and says why.
slurm_start() {
    local n=$1 user command base k
    for command in munged slurmctld slurmd srun sbatch; do
        PATH=$PATH:/usr/sbin command -v $command >/dev/null || slurm_skip "there is no $command"
    done
    user=$(id -un)
    mkdir -m 755 slurm
    cd slurm
    mkdir -m 711 munge
    mkdir -m 700 state spool
    declare -gA slurm_pids=()
    (umask 077 && head -c 128 /dev/urandom >key)
    PATH=$PATH:/usr/sbin munged --foreground --force --num-threads=1 --key-file="$PWD/key" \
        --socket="$PWD/munge/socket" --pid-file="$PWD/munge/pid" --log-file="$PWD/munge/log" \
        --seed-file="$PWD/munge/seed" >munge.out 2>&1 &
    slurm_pids[munge]=$!
    base=$(free_ports $((n + 1)))
    cat >slurm.conf <<END
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$base
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$PWD/munge/socket
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$PWD/state
SlurmdSpoolDir=$PWD/spool/%n
SlurmctldPidFile=$PWD/slurmctld.pid
SlurmdPidFile=$PWD/%n.pid
SlurmctldLogFile=$PWD/slurmctld.log
SlurmdLogFile=$PWD/%n.log
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=1,sched_min_interval=0
SlurmdTimeout=20
MailProg=/bin/true
NodeName=node[1-$n] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$((base + 1))-$((base + n))] RealMemory=100
PartitionName=all Nodes=ALL Default=YES State=UP MaxTime=INFINITE
END
    export SLURM_CONF=$PWD/slurm.conf
    wait_until -S munge/socket "${slurm_pids[munge]}" 2>/dev/null ||
        slurm_skip "munged does not start: $(tail -n 1 munge.out)"
    PATH=$PATH:/usr/sbin slurmctld -D -i >slurmctld.out 2>&1 &
    slurm_pids[controller]=$!
    cd ..
    for ((k = 1; k <= n; k++)); do
        slurm_node "$k"
    done
    for ((k = 0; k < 300; k++)); do
        [ "$(timeout 10 sinfo -h -t idle -o %D 2>/dev/null)" != "$n" ] || return 0
        kill -0 "${slurm_pids[controller]}" 2>/dev/null ||
            slurm_skip "slurmctld ends: $(grep -h error slurm/slurmctld.out | tail -n 1)"
        sleep 0.1
    done
    slurm_skip "its nodes do not come up: $(grep -h error slurm/*.log | tail -n 1)"
}

slurm_skip() {
    echo "not tested: no Slurm can be had here: $*" >&2
    exit 77
}

# A number behind which there are so many ports that nobody listens on.
free_ports() { # N
    local base k
    while :; do
        base=$((20000 + RANDOM % 12000))
        for ((k = 0; k < $1; k++)); do
            ! (: <"/dev/tcp/127.0.0.1/$((base + k))") 2>/dev/null || continue 2
        done
        echo $base
        return
    done
}

slurm_node() { # K
    PATH=$PATH:/usr/sbin slurmd -D -N "node$1" >"slurm/node$1.out" 2>&1 &
    slurm_pids[node$1]=$!
}

# The processes that were begun with this Slurm's configuration: daemons, jobs and what
# launches them.
slurm_processes() {
    { grep -slzxF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ || true; } | cut -d / -f 3
}

# Ends jobs and daemons, by their ids.
slurm_stop() {
    local k left
    [ -n "${SLURM_CONF:-}" ] || return 0
    timeout 10 scancel -u "$(id -un)" 2>/dev/null || true
    for ((k = 0; k < 50; k++)); do
        [ -n "$(timeout 10 squeue -h 2>/dev/null)" ] || break
        sleep 0.1
    done
    kill "${slurm_pids[@]}" 2>/dev/null || true
    wait "${slurm_pids[@]}" 2>/dev/null || true
    mapfile -t left < <(slurm_processes)
    [ ${#left[@]} = 0 ] || kill -9 "${left[@]}" 2>/dev/null || true
}
