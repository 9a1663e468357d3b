#!/usr/bin/env bash
# amkd-distill --status: of a run under way, of one that was killed, of one that ended, and
# of a comparison.
set -euo pipefail
data=/usr/share/datasets/fashion-mnist
if [ ! -e $data/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
run=''
end() {
    [ -z "$run" ] || { kill "$run" && sleep 0.5 && kill -9 -- "-$run"; } 2>/dev/null || true
    [ ! -s "$dir/hanging" ] || kill -9 "$(cat "$dir/hanging")" 2>/dev/null || true
    rm -rf "$dir"
}
trap end EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
# json TEXT [DIR]: the status as JSON, in which numbers that differ are N, is TEXT in one line.
json() {
    amkd-distill --status --json ${2:+"$2"} >said.json
    perl -MJSON::PP -e 'local $/; decode_json(<>)' said.json || fail "no JSON: $(cat said.json)"
    [ "$(wc -l <said.json)" = 1 ] || fail "an object a line: $(cat said.json)"
    sed -E 's/(seconds(_left)?|held_out|success)":[0-9.]+/\1":N/g' said.json >shape
    # shellcheck disable=SC2053 # a pattern
    [[ "$(cat shape)" == $1 ]] || fail "expected '$1', got '$(cat shape)'"
}
. "$SOURCE/tests/waiting.sh"
says() { grep -qE -- "$1" said || fail "no '$1' in: $(cat said)"; }

! amkd-distill --status none 2>stderr || fail "no run"
grep -qF "'none': no run is kept there" stderr || fail "no run: $(cat stderr)"
got=0
amkd-distill --status a b 2>stderr || got=$?
[ $got = 2 ] || fail "two directories: $got"

amkd-import -q --unlabeled --sample 200 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
args=(IMAGES=real.amkd BUDGET=400 ROUNDS=2 POOL=2000 ARCH=mlp STEPS=30 ASSISTANT= VIEWS=0 NOISE=0 TEACHER_BATCH=64
    "TEACHER=exec:perl teacher.pl \$(cat behaviour) log")
echo hangs-second >behaviour
setsid amkd-distill -q "${args[@]}" >/dev/null 2>&1 &
run=$!
wait_for hanging $run
amkd-distill --status >said
says '^amkd-run: running$'
says '^round 0 of 2, 0 of 400 answers$'
says '^ +0 .* amkd-query, [0-9]+ s, 64 answers$'
! grep -q $'\e' said || fail "colours in a file"
head='{"version":1,"kind":"run","dir":"amkd-run","state":'
figures='"assistant_success":null,"accuracy":null,"success":null,"held_out"'
json "$head"'"running","end":null,"round":0,"rounds":2,"answers":0,"budget":400,"seconds_left":null,"running":\[{"in":"round-0","tool":"amkd-query","file":"labels.amkd","seconds":N,"answers":64,"seconds_left":null}\],"figures":\[{"round":0,"answers":null,'"$figures"':null,"seconds":null}\]}'
got=0
amkd-distill --json "${args[@]}" 2>stderr || got=$?
[ $got = 2 ] || fail "--json without --status: $got"
kill -9 -- "-$run" "$(cat hanging)"
wait "$run" 2>/dev/null || true
rm hanging
run=''
# Whoever was waiting for the teacher goes with it.
for ((t = 0; t < 100; t++)); do
    amkd-distill --status >said
    ! grep -q 'running' said || { sleep 0.1 && continue; }
    break
done
says '^amkd-run: stopped; the same command goes on$'
json "$head"'"stopped","end":null,*"running":\[\],"figures":\[*'
! grep -q 'amkd-query' said || fail "still at work: $(cat said)"

# Ended: the figures of every round.
echo honest >behaviour
amkd-distill -q "${args[@]}" HOLDOUT=0.2 >table
amkd-distill --watch amkd-run >said
says '^amkd-run: ended after round 2: the budget is spent$'
says '^round 2 of 2, 400 of 400 answers$'
says '^ +0 +200 +- +- +- +[01]\.[0-9]{4} +[0-9.]+$'
says '^ +2 +400 '
json "$head"'"ended","end":"after round 2: the budget is spent","round":2,"rounds":2,"answers":400,"budget":400,"seconds_left":null,"running":\[\],"figures":\[{"round":0,"answers":200,'"$figures"':N,"seconds":N},*{"round":2,"answers":400,*}\]}'
[ "$(sed 's/.*"held_out":\([0-9.]*\),.*/\1/' said.json)" = "$(sed -n 's/.*"agreement": \(.*\),/\1/p' \
    amkd-run/round-2/held-out.json)" ] || fail "held out: $(cat said.json)"
amkd-distill --watch --json >watched
cmp watched said.json || fail "--watch --json of a run that ended"
[ "$(wc -l <said)" = 6 ] || fail "six lines: $(cat said)"
[ -z "$(find amkd-run -name '*.running')" ] || fail "left behind: $(ls amkd-run/*)"
amkd-distill -q "${args[@]}" HOLDOUT=0.2 TARGET=0.01 >table
amkd-distill --status >said
says '^amkd-run: ended after round 0: its student agrees'
says '^round 0 of 2, at most, 200 of 400 answers$'
! grep -qE '^ +1 ' said || fail "a round behind the end: $(cat said)"

# Of a comparison while the teacher hangs: what each of its runs is doing.
{ zcat $data/t10k-images-idx3-ubyte.gz || true; } | head -c $((16 + 80 * 784)) |
    perl -0777 -pe 'substr($_, 4, 4) = pack "N", 80' >test-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 80), map { chr($_ % 3) } 1 .. 80' >test-labels-idx1-ubyte
amkd-import -q -o test.amkd test-images-idx3-ubyte
{ printf '%s\n' "${args[@]//\$/\$\$}" && echo TEST = test.amkd && echo BUDGET = 220; } >c2.mk
{ echo include c2.mk && echo BY = random; } >random.recipe
compare=(amkd-distill compare -q --dir both --seeds '1,2' random.recipe c2.mk)
echo hangs-second >behaviour
setsid "${compare[@]}" >/dev/null 2>&1 &
run=$!
wait_for hanging $run
amkd-distill --status both >said
says '^both: running$'
! flock -n both/.lock true || fail "between its runs a comparison is at work too"
says '^0 of 4 runs done, 64 answers bought, [0-9]+ s so far$'
says '^random +1 +0 +-  running: amkd-query, [0-9]+ s'
[ "$(grep -cE '^(random|c2) +[12] +- +-  waiting$' said)" = 3 ] || fail "$(cat said)"
json '{"version":1,"kind":"comparison","dir":"both","state":"running","end":null,"done":0,"answers":64,"seconds":N,"seconds_left":null,"runs":\[{"arm":"random","seed":1,"dir":"both/random/seed-1","state":"running","round":0,"success":null,"running":\[{"in":"round-0","tool":"amkd-query",*}\]},{"arm":*,"state":"waiting","round":null,"success":null,"running":\[\]}\]}' both
kill "$run"
kill -9 "$(cat hanging)"
wait "$run" 2>/dev/null || true
rm hanging
run=''
for ((t = 0; t < 100; t++)); do
    amkd-distill --status both >said
    ! grep -q 'running' said || { sleep 0.1 && continue; }
    break
done
says '^both: stopped; the same command goes on$'
says '^random +1 +0 +-  stopped$'

# Ended.
echo honest >behaviour
"${compare[@]}" >table
amkd-distill --watch both >said
says '^both: ended$'
says "^4 of 4 runs done, $(($(amkd-cat both/shared/answers-*/answers.amkd | wc -l) - 1)) ans"
[ "$(grep -cE '^(random|c2) +[12] +2 +[0-9.]+ %  done$' said)" = 4 ] || fail "$(cat said)"
[ "$(wc -l <said)" = 7 ] || fail "seven lines: $(cat said)"
json '{"version":1,"kind":"comparison","dir":"both","state":"ended","end":null,"done":4,"answers":*,"runs":\[{"arm":"*","state":"done","round":2,"success":N,"running":\[\]},*\]}' both
flock -s both/.lock amkd-distill --status both >said
says '^both: running$'

# Known figures: times, of which overlaps count once, and the time left.
. "$SOURCE/tools/distill-status-runs.sh"
printf '%s\n' 'done a 100' 'done a 300' 'done b 50' 'running a 80' 'running c 10' \
    'waiting b 0' 'stopped a 999' >runs
[ "$(sum_up <runs)" = "3 $(((120 + 140 + 50) / 2))" ] || fail "left: $(sum_up <runs)"
[ "$(echo waiting a 0 | sum_up)" = '0 ' ] || fail "nothing is known yet"
mkdir -p known/{a,b}/round-{0,1}
printf 'x\tx\t%s\t%s\n' 10 20 15 30 >known/a/round-0/times.tsv
printf 'x\tx\t%s\t%s\n' 40 41.5 >known/a/round-1/times.tsv
printf 'x\tx\t%s\t%s\n' 25 32 60 61 >known/b/round-0/times.tsv
declare -A took
runs=(known/{a,b,c}) && measure_runs
[ "${took[known/a]} ${took[known/b]} ${took[.]}" = '21.5 8 24.5' ] || fail "${took[*]}"
seq 9 | sed 's/^[789]$/& waiting/' >lines
[ "$(fit 7 <lines | xargs)" = '1 2 3 4 5 6' ] && [ "$(fit 6 <lines | xargs)" = '1 2 3 5 6' ] &&
    [ "$(fit 24 <lines | wc -l)" = 9 ] || fail "lines of a terminal: $(fit 7 <lines)"
