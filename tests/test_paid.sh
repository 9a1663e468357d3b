#!/usr/bin/env bash
# Answers that cost money: a tool that is killed and started again, servers that fail in
# every way. What was bought is counted where it was bought, behind the failing front.
set -euo pipefail
source "$SOURCE/tests/servers.sh"

url() { echo "http://127.0.0.1:$(cat "$1")/v2/models/teacher"; }

make_teacher
start port amkd-serve --port 0 --port-file port teacher.safetensors

ask=(amkd-query -q --batch 8 --retry 50 --retry-paid 50 --retry-delay 0.02 --timeout 1)

front plain plain.log
"${ask[@]}" -t "$(url plain)" -o whole.amkd real.amkd
amkd-cat whole.amkd >whole
[ "$(bought plain.log) $(different plain.log)" = "2000 2000" ] || fail "2,000 images, once"
# The journal has them: nothing is asked again, whatever the output.
"${ask[@]}" -t "$(url plain)" --journal whole.amkd.journal -o again.amkd real.amkd
amkd-cat again.amkd | cmp - whole || fail "answers out of the journal"
[ "$(bought plain.log)" = 2000 ] || fail "bought again"
[ "$(amkd-cat whole.amkd.journal/answers.amkd | wc -l)" = 2001 ] || fail "the journal's rows"

# Answers of another kind than --labels says are kept and end the asking; told what they
# are, the next run uses them.
before=$(bought plain.log)
logits=("${ask[@]}" --answer logits -t "$(url plain)" --journal logits -o logits.amkd real.amkd)
! "${logits[@]}" 2>said || fail "logits are no probabilities"
grep -qF 'do --labels and --answer tell what it is?' said || fail "logits: $(cat said)"
few=$(($(bought plain.log) - before))
[ ! -e logits.amkd ] && [ $few -lt 2000 ] || fail "logits bought"
! "${logits[@]}" 2>said || fail "kept logits are no probabilities"
grep -qF -- '--labels=logits takes' said || fail "kept logits: $(cat said)"
[ $(($(bought plain.log) - before)) = $few ] || fail "more was bought beside kept logits"
"${logits[@]}" --labels logits
[ $(($(bought plain.log) - before)) = 2000 ] || fail "logits bought again"
! "${logits[@]}" 2>said || fail "logits out of the journal are no probabilities"
grep -qF "kept in 'logits'" said || fail "kept logits: $(cat said)"
[ $(($(bought plain.log) - before)) = 2000 ] || fail "more was bought beside kept logits"

# Killed at fifty random moments and started again.
before=$(bought plain.log)
RANDOM=7
kills=0
for ((run = 0; run < 50; run++)); do
    "${ask[@]}" -t "$(url plain)" --rate 600 --concurrency 4 --journal killed \
        -o killed.amkd real.amkd 2>>killed.err &
    sleep "0.0$((RANDOM % 90 + 10))"
    if kill -9 $! 2>/dev/null; then kills=$((kills + 1)); fi
    wait $! 2>/dev/null || true
done
[ ! -s killed.err ] || fail "a run that was killed: $(cat killed.err)"
"${ask[@]}" -v -t "$(url plain)" --journal killed -o killed.amkd real.amkd 2>said
amkd-cat killed.amkd | cmp - whole || fail "answers after $kills kills"
spent=$(spent said)
more=$(($(bought plain.log) - before))
[ "$more" -ge 2000 ] && [ "$more" -le "$spent" ] || fail "$more bought, $spent spent"
[ "$spent" -le $((2000 + kills * 4 * 8)) ] || fail "$spent spent at $kills kills"
[ "$kills" -ge 10 ] || fail "only $kills kills hit"

# Servers that fail in every way, and a user who pays for another attempt whatever it was:
# the same labels, no image lost, and all that was bought twice was doubtful.
codes=connection,200,408,429,500,502,503,504
for fault in drop@p0.2 reset@p0.2 status:429:0@p0.3 "status:503:date+0@p0.3" \
    status:500@p0.2 status:429:1@2-5 drop-after@p0.1 late:502@p0.1 cut@p0.1 \
    cut-head@p0.1 truncate@p0.1 count:1@p0.1 count:-1@p0.1 \
    length:5@p0.1 length:-5@p0.1 garbage@p0.1 slow:5@3 stall-after:5@4; do
    for form in "" --no-binary; do
        [ -z "$form" ] || [[ $fault != slow* && $fault != stall* && $fault != status* ]] ||
            continue
        rm -rf faulty.log journal
        front faulty faulty.log "$fault"
        "${ask[@]}" -v $form --retry-codes $codes --concurrency 8 -t "$(url faulty)" --journal journal \
            -o got.amkd real.amkd 2>said || fail "$fault $form: $(cat said)"
        amkd-cat got.amkd | cmp - whole || fail "$fault $form: other answers"
        spent=$(spent said)
        [ "$(different faulty.log)" = 2000 ] || fail "$fault $form: not all were asked"
        [ "$(bought faulty.log)" -le "$spent" ] ||
            fail "$fault $form: $(bought faulty.log) bought, $spent spent"
        grep -q "^fault" faulty.log || fail "$fault: never happened"
        stop faulty
    done
done

# What is wrong with every answer is paid for once, one batch of one request, and the
# message shows how the answer begins; what may have been paid for as often as told.
for fault in truncate count:1 count:-1 length:-5 garbage; do
    for form in "" --no-binary; do
        [[ -z $form || $fault =~ ^(truncate|count:1)$ ]] || continue
        rm -rf faulty.log journal
        front faulty faulty.log "$fault"
        ! amkd-query -q $form -t "$(url faulty)" --journal journal -o got.amkd real.amkd \
            2>said || fail "$fault $form: an answer that nobody can read was taken"
        [ "$(grep -c ^fault faulty.log)" = 1 ] || fail "$fault $form: bought again"
        grep -qF 'HTTP status 200: ' said || fail "$fault $form: $(cat said)"
        grep -qF -- '--retry-codes does not name it' said || fail "$fault $form: $(cat said)"
        amkd-query -n --budget 5000 -t "$(url faulty)" --journal journal real.amkd >plan
        grep -qF '(256 spent)' plan || fail "$fault $form: $(cat plan)"
        stop faulty
    done
done
grep -qF '<html><body>Please sign in' said || fail "a page of HTML: $(cat said)"
for paid in 0 1 2; do
    rm -rf faulty.log journal
    front faulty faulty.log late:502
    [ $paid = 1 ] || more=(--retry-paid "$paid")
    [ $paid != 1 ] || more=() # the default
    ! amkd-query -q --retry-delay 0.02 "${more[@]}" -t "$(url faulty)" --journal journal \
        -o got.amkd real.amkd 2>said || fail "502 was an answer"
    [ "$(bought faulty.log)" = $((256 * (1 + paid))) ] || fail "$paid: $(bought faulty.log)"
    grep -qF -- '--retry-paid says how often' said || fail "502: $(cat said)"
    stop faulty
done

# Answers that are odd are read, bought once.
for odd in id nan integer latin1 double bom gzip shape one-row no-shape texts; do
    for form in "" --no-binary; do
        [[ -z $form && $odd != texts || -n $form && $odd =~ gzip|shape|row|texts ]] ||
            continue
        rm -f faulty.log
        front faulty faulty.log "odd:$odd"
        amkd-query -q --no-journal $form -t "$(url faulty)" -o got.amkd real.amkd 2>said ||
            fail "$odd $form: $(cat said)"
        amkd-cat got.amkd | cmp - whole || fail "$odd $form: other answers"
        [ "$(bought faulty.log)" = 2000 ] || fail "$odd $form: bought again"
        stop faulty
    done
done

# One answer that breaks off, wherever it does, ends no run.
for fault in cut cut-head; do
    rm -rf faulty.log journal
    front faulty faulty.log $fault@3
    amkd-query -q --retry-delay 0.02 -t "$(url faulty)" --journal journal -o got.amkd \
        real.amkd 2>said || fail "$fault once: $(cat said)"
    amkd-cat got.amkd | cmp - whole || fail "$fault once: other answers"
    [ "$(bought faulty.log)" = 2256 ] || fail "$fault once: $(bought faulty.log) bought"
    stop faulty
done

# A number that is none spoils one answer: those beside it are kept, it alone is asked again.
for fault in nan infinite; do
    rm -rf faulty.log journal
    front faulty faulty.log "$fault@3"
    ! "${ask[@]}" --concurrency 1 -t "$(url faulty)" --journal journal -o got.amkd \
        real.amkd 2>said || fail "$fault was taken"
    grep -q 'answer [0-9] of 8: class [0-9]*: NaN, infinite or null is not a number' said ||
        fail "$fault: $(cat said)"
    [ "$(bought faulty.log)" = 24 ] || fail "$fault: $(bought faulty.log) bought"
    [ "$(amkd-cat -N journal/answers.amkd | wc -l)" = 23 ] || fail "$fault: not 23 are kept"
    "${ask[@]}" -t "$(url faulty)" --journal journal -o got.amkd real.amkd
    amkd-cat got.amkd | cmp - whole || fail "$fault: other answers"
    [ "$(bought faulty.log)" = 2001 ] || fail "$fault: $(bought faulty.log) bought in all"
    stop faulty
done

# A budget holds whatever fails: doubtful images count.
rm -rf faulty.log journal
front faulty faulty.log drop-after@p0.3
"${ask[@]}" --budget 500 -t "$(url faulty)" --journal journal -o got.amkd real.amkd 2>said
"${ask[@]}" --budget 500 -t "$(url faulty)" --journal journal -o got.amkd real.amkd 2>said
[ "$(bought faulty.log)" = 500 ] || fail "a budget of 500: $(bought faulty.log) bought"

# A dry run asks nothing.
"${ask[@]}" --dry-run --budget 700 --price 0.01 --rate 100 -t "$(url faulty)" \
    --journal journal -o none.amkd real.amkd >plan
grep -qF "200 to ask, " plan || fail "the plan: $(cat plan)"
grep -qF "price: 2.00" plan && grep -qF "time: 2 s" plan || fail "the plan: $(cat plan)"
[ "$(bought faulty.log)" = 500 ] && [ ! -e none.amkd ] || fail "a dry run did something"

# The first signal finishes what is under way and says how to go on.
got=0
"${ask[@]}" --rate 500 -t "$(url plain)" --journal signal -o signal.amkd real.amkd 2>said &
sleep 0.7
kill -TERM $!
wait $! || got=$?
[ "$got" = 143 ] || fail "exit status $got after SIGTERM"
grep -q "stopped by a signal; [1-9][0-9]* answers .* are in 'signal'" said ||
    fail "the message: $(cat said)"
[ ! -e signal.amkd ] || fail "an output of a stopped run"
before=$(bought plain.log)
"${ask[@]}" -v -t "$(url plain)" --journal signal -o signal.amkd real.amkd 2>said
amkd-cat signal.amkd | cmp - whole || fail "answers after a signal"
grep -qF ' 2000 images spent' said || fail "a signal cost something: $(cat said)"
[ $(($(bought plain.log) - before)) -lt 2000 ] || fail "all was bought again"

# A reader that goes away loses no answer.
{ "${ask[@]}" -t "$(url plain)" --journal pipe real.amkd 2>said || echo $? >status; } |
    true
[ "$(cat status)" = 1 ] || fail "a broken pipe: $(cat said)"
grep -q "Broken pipe" said || fail "a broken pipe: $(cat said)"
before=$(bought plain.log)
kept=$(($(amkd-cat pipe/answers.amkd | wc -l) - 1))
"${ask[@]}" -t "$(url plain)" --journal pipe -o pipe.amkd real.amkd
[ $(($(bought plain.log) - before + kept)) = 2000 ] || fail "answers lost to a broken pipe"

# A second process is refused at once, and told who is there.
"${ask[@]}" --rate 300 -t "$(url plain)" --journal held -o held.amkd real.amkd &
holder=$!
sleep 0.5
got=0
"${ask[@]}" -t "$(url plain)" --journal held -o other.amkd real.amkd 2>said || got=$?
[ "$got" = 1 ] && grep -qF "in use: process $holder on " said || fail "the lock: $(cat said)"
wait $holder

# A disk that fills up: what was asked is kept in the room set aside, and nothing more is
# asked. A disk that cannot be written: nothing is.
mkdir small
if mount -t tmpfs -o size=200k tmpfs small 2>/dev/null; then
    teach=(amkd-query -q --batch 8 -t "exec:perl $SOURCE/tests/teacher.pl honest disk.log")
    ! "${teach[@]}" --journal small/journal -o disk.amkd real.amkd 2>said ||
        fail "a full disk was no failure"
    grep -qF 'No space left on device (the answers that came are kept)' said ||
        fail "a full disk: $(cat said)"
    asked=$(wc -l <disk.log)
    [ $(($(amkd-cat small/journal/answers.amkd | wc -l) - 1)) = "$asked" ] ||
        fail "answers lost to a full disk"
    mount -o remount,ro small
    ! "${teach[@]}" --journal small/journal -o disk.amkd real.amkd 2>said ||
        fail "a read-only disk was no failure"
    grep -qF 'Read-only file system' said || fail "a read-only disk: $(cat said)"
    [ "$(wc -l <disk.log)" = "$asked" ] || fail "asked what could not be written down"
    mount -o remount,rw,size=4m small
    "${teach[@]}" --journal small/journal -o disk.amkd real.amkd
    [ "$(wc -l <disk.log)" = 2000 ] || fail "$(wc -l <disk.log) asked for 2,000 answers"
    umount small
    # Images for whose answers there was no room were not sent, and are not spent.
    for size in 96k 104k 112k; do
        mount -t tmpfs -o size=$size tmpfs small
        ! "${teach[@]}" --batch 4 --workers 2 --journal small/journal -o disk.amkd \
            real.amkd 2>said || fail "a disk of $size was no failure"
        mount -o remount,size=4m small
        "${teach[@]}" -v --journal small/journal -o disk.amkd real.amkd 2>said
        grep -qF ' 2000 images spent' said || fail "a disk of $size: $(cat said)"
        umount small
    done
else
    echo "no tmpfs may be mounted here: full disks are not tested"
fi
