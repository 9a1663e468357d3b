#!/usr/bin/env bash
# What amkd-query makes of a server's answers: kinds of labels, what fills up those of the
# best alone; which failures it tries again; proxies, and progress with its costs.
set -euo pipefail
source "$SOURCE/tests/servers.sh"

make_teacher
start port amkd-serve --port 0 --port-file port teacher.safetensors
model=v2/models/teacher
url=http://127.0.0.1:$(cat port)/$model
ask=(amkd-query -q --no-journal --retry-delay 0.02)
rows() { amkd-cat -N "$1" | cut -f4-; }

# near FILE EXPRESSION: the rows of the labels are the expression of p, those of the server's
# probabilities, and n, how many; to 1e-5.
near() {
    paste <(rows "$1") <(rows whole.amkd) | awk -v OFS='\t' "{
        n = NF / 2; best = 0
        for (y = 1; y <= n; y++) if (\$(n + y) > best) best = \$(n + y)
        for (y = 1; y <= n; y++) { p = \$(n + y); d = \$y - ($2); if (d * d > 1e-10) exit 1 }
    }" || fail "$1: not $2: $(rows "$1" | head -2)"
}
rule() { amkd-cat --header "$1" | tr -d ' \n' | grep -qF "\"answers\":{$2}" || fail "$1: rule"; }

"${ask[@]}" -t "$url" -o whole.amkd real.amkd
logits=("${ask[@]}" -t "$url" --answer logits --labels logits)
"${logits[@]}" -o logits.amkd real.amkd
near logits.amkd p
rule logits.amkd '"kind":"logits","temperature":1.0'
"${logits[@]}" --temperature 1e6 -o flat.amkd real.amkd
near flat.amkd 1/n
"${ask[@]}" -t "$url" --smooth 0.25 -o smooth.amkd real.amkd
near smooth.amkd '0.75 * p + 0.25 / n'
rule smooth.amkd '"kind":"probs","smooth":0.25'
"${ask[@]}" -t "$url" --labels top1 -o top1.amkd real.amkd
near top1.amkd 'p == best'
# The teacher itself knows best what its answers leave out.
"${ask[@]}" -t "$url" --keep-top 1 --fill student -s teacher.safetensors -o student.amkd \
    real.amkd
near student.amkd p
"${ask[@]}" -t "$url" --keep-top 1 --fill uniform -o uniform.amkd real.amkd
near uniform.amkd 'p == best ? p : (1 - best) / (n - 1)'

# Failures that are tried again are those of --retry-codes, and no longer than allowed.
front front log status:409@1 status:503:30@4
faulty=http://127.0.0.1:$(cat front)/$model
first=("${ask[@]}" --concurrency 1 --batch 2000 -t "$faulty")
! "${first[@]}" -o got.amkd real.amkd 2>said || fail "409 was tried again"
grep -qF 'HTTP status 409' said || fail "$(cat said)"
stop front
front front log status:409@1 status:503:30@3
faulty=http://127.0.0.1:$(cat front)/$model
first=("${ask[@]}" --concurrency 1 --batch 2000 -t "$faulty")
"${first[@]}" --retry-codes 409 -o got.amkd real.amkd
near got.amkd p
SECONDS=0
! "${first[@]}" --retry-max-time 2 -o late.amkd real.amkd 2>said || fail "tried on for 30 s"
[ $SECONDS -lt 20 ] || fail "--retry-max-time 2 took $SECONDS s"
[ "$(bought log)" = 2000 ] || fail "$(bought log) bought"

# By a proxy, which resolves the name.
no_proxy='' http_proxy=http://127.0.0.1:$(cat port) "${ask[@]}" \
    -t "http://models.invalid/$model" -o proxy.amkd real.amkd
near proxy.amkd p

# What it costs, and what is left, once a run takes longer than a second.
amkd-query -t "$url" --journal journal --budget 1500 --price 0.01 --rate 1000 -o some.amkd \
    real.amkd 2>said
grep -qF 'spent 1500 (15.00), 0 left' said || fail "progress: $(cat said)"
