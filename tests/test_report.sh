#!/usr/bin/env bash
# amkd-report: the page of a run and of several, its figures read back as a browser
# renders them, runs that are half done or damaged, and what is none.
set -euo pipefail
data=/usr/share/datasets/fashion-mnist
if [ ! -e $data/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }
check() { python3 "$SOURCE/tests/report.py" "$@" || fail "report.py $*"; }

# expect STATUS TEXT ARGUMENT...: amkd-report exits so, says TEXT, leaves no page.
expect() {
    local status=$1 text=$2 got=0
    shift 2
    amkd-report -o none.html "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
    [ ! -e none.html ] || fail "$*: left a page"
    [ ! -s stdout ] || fail "$*: $(cat stdout)"
}

# says PAGE TEXT: the page says it.
says() {
    grep -qF -- "$2" "$1" || fail "$1 does not say: $2"
}

# Names that would be markup if they were not escaped.
names="<b>T-shirt</b>,\"Trouser\",'Pullover',A&B,&lt;Coat,</table>,"
# shellcheck disable=SC2016
names+='$Shirt,%s,B\ag,Größe'
train=$data/train-images-idx3-ubyte.gz
test=$data/t10k-images-idx3-ubyte.gz
amkd-import -q --unlabeled --sample 60 --seed 1 -o real.amkd $train
amkd-import -q --unlabeled --sample 40 --seed 1 -o few.amkd $train
amkd-import -q --limit 200 --class-names "$names" -o test.amkd $test
amkd-import -q --limit 1000 --class-names "$names" -o train.amkd $train
amkd-train -q -a mlp --steps 60 -o teacher.safetensors train.amkd
distil() { # DIR NAME=VALUE...
    amkd-distill -q --dir "$1" IMAGES=real.amkd TEST=test.amkd POOL=1000 ROUNDS=2 \
        ARCH=mlp TEACHER=model:teacher.safetensors BUDGET=200 STEPS=20 ASSISTANT= VIEWS=0 \
        NOISE=0 "${@:2}" >/dev/null
}
distil c2-1
distil c2-2 SEED=2
distil random-1 BY=random
distil random-2 BY=random SEED=2
distil few-1 IMAGES=few.amkd

amkd-report -o one.html c2-1
amkd-report -q --threads 1 -d cpu c2-1/ | cmp - one.html || fail "not the same page again"
amkd-report -o many.html c2-1 c2-2 random-1 random-2 few-1
check figures one.html c2-1
check compared many.html c2-1 c2-2 random-1 random-2 few-1
says many.html 'c2, 60 images'
# The student's layers: mlp has 784 x 256 + 256 x 128 + 128 x 10 multiply-adds.
says one.html '<tr><th scope="row">1</th><td>fc 256</td><td>256 &times; 1 &times; 1</td><td>200,960</td>'
says one.html '234,752 multiply-adds an image'
says many.html 'random'
check heat many.html c2-1 c2-2 few-1
says one.html '&lt;b&gt;T-shirt&lt;/b&gt;'
[ "$(grep -o 'class="card[ "]' one.html | wc -l)" -ge 72 ] || fail "24 pictures a round"
amkd-report --shown 0 --title '<i>"T"&' -o bare.html c2-1
check whole bare.html
says bare.html '<h1>&lt;i&gt;&quot;T&quot;&amp;</h1>'
! grep -q 'class="cards"' bare.html || fail "pictures that were not wanted"
amkd-report --detailed 1 -o less.html c2-1 random-1
amkd-report -o more.html c2-1 random-1
[ "$(grep -o 'class="card[ "]' less.html | wc -l)" -lt "$(grep -o 'class="card[ "]' more.html | wc -l)" ] ||
    fail "the second method in detail, too"
amkd-report --price 0.5 -o priced.html c2-1
says priced.html 'for <b>100.00</b> at 0.5 each'

# As text: a line for each round, with the evaluation's own figures.
[ "$(amkd-report --tsv c2-1 c2-2 | wc -l)" = 7 ] || fail "six rounds as text"
success=$(sed -n 's/.*"success_rate": \(.*\),/\1/p' c2-1/round-2/eval.json)
[ "$(amkd-report --tsv c2-1 | tail -1 | cut -f 3,4,6,7)" = "1	60	200	$success" ] ||
    fail "the last round: $(amkd-report --tsv c2-1)"

# Rounds that an earlier, longer run left in the same place are none of a run that ended.
cp -a c2-1 shorter
distil shorter ROUNDS=1 BUDGET=130
[ -e shorter/round-2/eval.json ] || fail "round 2 is to be left there"
[ "$(amkd-report --tsv shorter | cut -f 5,6 | tail -n +2)" = $'0\t60\n1\t130' ] ||
    fail "two rounds of a shorter run: $(amkd-report --tsv shorter)"
amkd-report -o shorter.html shorter
check whole shorter.html
! grep -qi 'round 2' shorter.html || fail "a round of another run"
for round in '1' $'1\n'; do
    printf %s "$round" >shorter/student.round
    amkd-report shorter | cmp - shorter.html || fail "student.round as '$round'"
done
for round in '' x '1 ' $'1\n2' 99999999999999999999; do
    printf %s "$round" >shorter/student.round
    amkd-report -o shorter.html shorter
    says shorter.html 'Which round was the last cannot be read'
done
# One that goes on is shown as far as it is.
echo 1 >shorter/student.round
rm shorter/ended.txt
[ "$(amkd-report --tsv shorter | wc -l)" = 4 ] || fail "rounds of a run that goes on"

# Without test images, answers held out of the training are what there is.
distil held TEST= HOLDOUT=0.2
amkd-report -o held.html held
check whole held.html
says held.html 'Agreement on answers held out'
says held.html 'told without bias'
! grep -q 'id="missing"' held.html || fail "nothing is missing where answers are held out"
held=$(sed -n 's/.*"agreement": \(.*\),/\1/p' held/round-2/held-out.json)
says held.html "$(awk -v a="$held" 'BEGIN { printf "%.2f", 100 * a }')&#8239;%"

# Many images: rounds about real ones, chosen by an assistant, and a student in the last.
distil images-1 ASSISTANT=mlp ASSISTANT_STEPS=20 BUDGET=45 HOLDOUT=10
amkd-report -o images.html images-1
check figures images.html images-1
! grep -q 'id="missing"' images.html || fail "rounds before the last want no student"
says images.html '10 of them held out'
says images.html 'Round 0: real images drawn by chance'
says images.html 'Some of 13 images, from a pool of 60; the assistant is that of round 1'
says images.html '<div class="who">assistant</div>'
says images.html 'its assistant</li>'
! grep -qE 'a mix |λ' images.html || fail "images are no mixes"
[ "$(amkd-report --tsv images-1 | cut -f 6 | tail -n +2 | paste -sd ' ')" = '19 32 45' ] ||
    fail "answers with those held out: $(amkd-report --tsv images-1)"

# ... while it runs: assistants are measured, and only the last round lacks a student.
cp -a images-1 running
rm -r running/ended.txt running/student.* running/round-2/{student.safetensors,eval.json,held-out.json}
amkd-report -o running.html running
check whole running.html
says running.html 'Round 2 has answers, but no student yet.'
! grep -q 'Round [01] has' running.html || fail "no lack of rounds before the last"
says running.html 'id="teacher-accuracy"'
says running.html 'id="assistant-success"'
says running.html 'its assistant reaches'
rm running/round-1/assistant.*
amkd-report -o running.html running
says running.html 'Round 1 has answers, but no assistant yet.'
rm -r running/round-2 running/round-1
amkd-report -o running.html running
! grep -q 'id="missing"' running.html || fail "no lack after round 0"

# What an earlier run left in the same place is no part of the run.
cp -a images-1 stale
sed -i 's/^HOLDOUT=.*/HOLDOUT=0/' stale/parameters.txt
[ "$(amkd-report --tsv stale | cut -f 6,13 | tail -1)" = $'35\t-' ] ||
    fail "answers that are no longer held out: $(amkd-report --tsv stale)"
amkd-report -o stale.html stale
check whole stale.html
! grep -qi 'held out' stale.html || fail "answers that are no longer held out"
cp -a c2-1 alone
cp images-1/round-0/assistant.* alone/round-0
cp images-1/round-0/picks.amkd alone/round-0
for parameters in with without; do
    [ $parameters = with ] || rm alone/parameters.txt
    amkd-report -o alone.html alone
    sed '1,/<main/d' alone.html >body.html
    ! grep -q assistant body.html || fail "an assistant of another run"
    says alone.html 'Round 0: the real images'
done

# Rounds of several kinds: scores of each kind stand alone.
distil mixed ASK='images views mixes' ROUNDS=3 VIEWS=2 BUDGET=80 FIRST=20
amkd-report -o mixed.html mixed
check figures mixed.html mixed
says mixed.html 'Scores of what was picked: C2'
says mixed.html 'Some of 20 views'
says mixed.html 'Some of 20 mixes'
amkd-report -o kinds.html c2-1 images-1 mixed
check whole kinds.html
says kinds.html '<th scope="row">amkd-distill asked</th><td>mixes</td><td>images</td>'

# One number of answers, or of images, makes no map.
cp -a c2-1 sixty
cp -a few-1 forty
rm {sixty,forty}/round-[01]/{eval.json,student.safetensors}
amkd-report -o flat.html sixty forty
check whole flat.html
! grep -q 'class="heat"' flat.html || fail "a map of one number of answers"

# An assistant, views and noise are what tells a method from another.
for seed in 1 2; do
    distil assisted-$seed ASSISTANT=mlp ASSISTANT_STEPS=20 VIEWS=2 NOISE=0.1 SEED=$seed
done
amkd-report -o assisted.html c2-1 c2-2 assisted-1 assisted-2
check compared assisted.html c2-1 c2-2 assisted-1 assisted-2
says assisted.html 'assistant arch=mlp'
says assisted.html 'amkd-score --noise'
says assisted.html '<th scope="row">assistant --augment</th>'
says assisted.html '<th scope="row">amkd-score scorer</th><td>student</td><td>assistant</td>'
says assisted.html 'mlp, by its assistant mlp'
says assisted.html 'numbered among views of the real images'
grep -qE 'amkd-train .*--assistant=assisted-1/round-2/assistant.safetensors' \
    assisted.html || fail "the assistant's lessons are no command"
! grep -q 'row">[a-z -]*--assistant</th><td></td><td>[^y]' assisted.html ||
    fail "the assistant's place is no parameter"
amkd-report -o assisted.html assisted-1
check figures assisted.html assisted-1
says assisted.html '<th scope="col">augment</th>'

# Where runs lie as those of a comparison, arms are the methods, whatever else they are.
mkdir -p arms/{usual,assisted,again}
for seed in 1 2; do
    cp -a c2-$seed arms/usual/seed-$seed
    cp -a assisted-$seed arms/assisted/seed-$seed
    cp -a c2-$seed arms/again/seed-$seed
done
runs=(arms/{usual,assisted,again}/seed-{1,2})
amkd-report -o arms.html "${runs[@]}"
check compared arms.html "${runs[@]}"
amkd-report --tsv "${runs[@]}" | tail -n +2 | awk -F '\t' '
    { split($1, part, "/"); if ($2 != part[2]) exit 1 }' || fail "methods are no arms"
says arms.html 'In detail: assisted, seed 1'
says arms.html '<li><b>usual</b>: plain</li>'
says arms.html '<li><b>assisted</b>: assistant arch=mlp</li>'
[ "$(grep -o 'assistant arch=' arms.html | wc -l)" = 1 ] || fail "what an arm does, once"

# Picks among views of the images count for the images.
cp -r c2-1 views
rm -r views/round-2
amkd-augment -q -V 3 --seed 1 -o views/views.amkd views/images.amkd
amkd-pool -q -n 500 --seed 1 views/views.amkd |
    amkd-score -q -s views/round-0/student.safetensors -k 70 -o views/round-1/picks.amkd
amkd-query -q -t model:teacher.safetensors -o views/round-1/labels.amkd \
    views/round-1/picks.amkd
amkd-report -o views.html views
check figures views.html views
says views.html '<b>60</b> real images'

# A run that was moved, under a name that would be markup, finds its images in itself.
cp -r c2-1 'm<o>"ved&'
mkdir elsewhere
mv 'm<o>"ved&' elsewhere/
mv real.amkd hidden.amkd
amkd-report -o moved.html 'elsewhere/m<o>"ved&'
mv hidden.amkd real.amkd
check whole moved.html
says moved.html 'elsewhere/m&lt;o&gt;&quot;ved&amp;'
says moved.html 'picked by C2'

# Under way, and damaged: what is there is shown, what is missing is said.
rm -r c2-1/round-2/{student.safetensors,eval.json,times.tsv}
amkd-report -o under-way.html c2-1
check whole under-way.html
says under-way.html 'Round 2 has answers, but no student yet.'
says under-way.html 'id="confusion-0"'
head -c 300 c2-2/round-2/labels.amkd >short.amkd
mv short.amkd c2-2/round-2/labels.amkd
amkd-report -o damaged.html c2-2
check whole damaged.html
says damaged.html 'The answers of round 2 cannot be read'
echo '{"student": {"n": -1}}' >c2-2/round-1/eval.json
echo 'x' >c2-2/round-1/picks.amkd
echo 'amkd-score' >c2-2/round-0/times.tsv
echo 'x' >c2-2/round-1/student.safetensors
amkd-report -o damaged.html c2-2
check whole damaged.html
says damaged.html 'The figures of round 1 cannot be read'
says damaged.html 'What round 1 picked cannot be shown'
says damaged.html 'The times of round 0 cannot be read'
says damaged.html '&#39;student.safetensors&#39; of round 1 cannot be read'
for wrong in '{"n": 0}' '{"n": 3, "agreement": 0.5, "agreement_interval": [0.6, 0.9]}' x; do
    echo "$wrong" >images-1/round-2/held-out.json
    amkd-report -o damaged.html images-1
    check whole damaged.html
    says damaged.html 'The agreement of round 2 on answers held out cannot be read'
done
echo x >images-1/round-1/assistant.json
echo x >images-1/held-out/labels.amkd
amkd-report -o damaged.html images-1
check whole damaged.html
says damaged.html 'The figures of round 1 cannot be read'
says damaged.html 'The answers held out cannot be read'
rm -r random-1/test random-1/round-*/eval.json
amkd-report -o unmeasured.html random-1
check whole unmeasured.html
says unmeasured.html 'Nothing was measured'
rm random-1/images.amkd
mv real.amkd hidden.amkd
amkd-report -o blind.html random-1
mv hidden.amkd real.amkd
check whole blind.html
says blind.html 'The images cannot be shown'
AMKD_DEVICE=none amkd-report -o deviceless.html few-1
check whole deviceless.html
says deviceless.html 'The students were not asked again'
mkdir begun
touch begun/query.options
amkd-report -o begun.html begun
check whole begun.html
says begun.html 'No round has been answered yet.'

# What is no run.
mkdir empty
expect 1 "'empty': no run of amkd-distill" empty
expect 1 "'missing'" missing
expect 1 "'test.amkd': expected a directory" test.amkd
expect 1 "'empty'" few-1 empty
expect 2 'amkd-report --help'
expect 2 "--shown" --shown many few-1

# As a browser sees it: the same figures, and nothing wider than a phone.
browser=
for candidate in chromium-headless-shell chromium; do
    if [ -z "$browser" ] && command -v $candidate >/dev/null; then browser=$candidate; fi
done
[ -n "$browser" ] || { echo "not tested: the rendered page (no chromium)"; exit 0; }
render() { # PAGE: the page's elements as rendered
    env -u LSAN_OPTIONS timeout 120 $browser --headless --no-sandbox --disable-gpu \
        --user-data-dir="$dir/browser" --allow-file-access-from-files \
        --virtual-time-budget=10000 --dump-dom "file://$dir/$1" 2>browser.log ||
        fail "$browser $1: $(tail -5 browser.log)"
}
distil again
amkd-report -o one.html again
render one.html >rendered.html
check figures rendered.html again
for page in one many arms damaged images; do
    cat >phone.html <<END_OF_PHONE
<!DOCTYPE html><iframe src="$page.html" style="width:360px;height:800px;border:0"
 onload="const page = this.contentDocument;
 page.querySelectorAll('details').forEach(details => details.open = true);
 document.title = 'wide:' + page.documentElement.scrollWidth"></iframe>
END_OF_PHONE
    render phone.html >phone.txt
    wide=$(sed -n 's/.*<title>wide:\([0-9]*\).*/\1/p' phone.txt)
    [ "${wide:-999}" -le 360 ] || fail "$page.html is '$wide' wide at 360"
done
