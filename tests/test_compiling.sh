#!/usr/bin/env bash
# What no cache has is compiled, which may take a minute: every tool says so, unless it is to be
# quiet.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"

perl -e 'print pack("N4", 0x803, 12, 20, 20), map { chr(($_ * 7919 + ($_ >> 8)) % 256) }
    1 .. 12 * 400' >set-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 12), map { chr($_ % 3) } 1 .. 12' >set-labels-idx1-ubyte
amkd-import -q -o set.amkd set-images-idx3-ubyte
# Enough programs for a second, below which nothing is said.
amkd-train -q -a 'conv 3 k2 | relu | conv 4 k3 | tanh | fc 3' --steps 1 -o model set.amkd
amkd-train -q -a 'conv 5 k2 | relu | conv 6 k3 | tanh | fc 3' --steps 1 -o teacher set.amkd
amkd-pool -q -o pairs.amkd set.amkd

# Both caches, amkd's and PoCL's, are empty before each command.
cold() { # COMMAND...
    rm -rf cache
    mkdir cache
    POCL_CACHE_DIR=$PWD/cache XDG_CACHE_HOME=$PWD/cache "$@" 2>stderr
}
says() { # TOOL: it said what it compiled
    grep -Eq "^$1, compiling: ([2-9]|[1-9][0-9]+) programs in" stderr || fail "$1: $(cat stderr)"
}

cold amkd-score -s model -k 5 -o picks.amkd pairs.amkd
says amkd-score
cold amkd-query -t model:model -o labels.amkd picks.amkd
says amkd-query

# The student's programs are there already, the teacher's are not.
cold amkd-eval -q -s model set.amkd >scores
[ ! -s stderr ] || fail "amkd-eval -q: $(cat stderr)"
POCL_CACHE_DIR=$PWD/cache XDG_CACHE_HOME=$PWD/cache \
    amkd-eval -s model -t model:teacher set.amkd >scores 2>stderr
says amkd-eval

rm -rf cache
mkdir cache
POCL_CACHE_DIR=$PWD/cache XDG_CACHE_HOME=$PWD/cache \
    amkd-serve --port 0 --port-file port model >url 2>stderr &
server=$!
wait_for url $server
kill $server
wait $server || fail "amkd-serve: $(cat stderr)"
says amkd-serve
