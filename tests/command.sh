# What tests of one tool on the command line share, which source this file: a folder of their
# own, and a look at how a command ends.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

# expect STATUS TEXT COMMAND...: it exits with STATUS, says TEXT on stderr, leaves no "out".
expect() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
    [ ! -e out ] || fail "$*: left an output"
    [ "$status" = 0 ] || [ ! -s stdout ] || fail "$*: wrote to stdout"
    rm -f stdout stderr
}
