# amkd-cat from the command line: pipes, several files, bad files, misuse, and that NumPy
# and pandas' conventions are met.
set -euo pipefail

fashion=/usr/share/datasets/fashion-mnist
test -e $fashion/t10k-images-idx3-ubyte.gz || { echo "no Fashion-MNIST"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# fails STATUS MESSAGE COMMAND...: the command ends so, says so, leaves no out.
fails() {
    local status=$1 message=$2 got=0
    shift 2
    rm -f out
    "$@" >stdout 2>stderr || got=$?
    test $got -eq "$status" || fail "'$*' ended with $got, not $status: $(cat stderr)"
    grep -qF -- "$message" stderr || fail "'$*' says: $(cat stderr); not: $message"
    test ! -e out || fail "'$*' left a file behind"
}

amkd-import -q --limit 50 -o images.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-import -q --limit 50 --unlabeled -o real.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-pool -q -o pairs.amkd real.amkd

echo "# TSV has one line of names, then as many columns in every line"
test "$(amkd-cat pairs.amkd | head -n 1)" = $'i\tj'
test "$(amkd-cat -n 2 -N pairs.amkd)" = $'0\t1\n0\t2'
test "$(amkd-cat pairs.amkd | wc -l)" -eq 1226
test "$(amkd-cat images.amkd | awk -F '\t' '{print NF}' | sort -u)" -eq 785
test "$(amkd-cat --field label --field pixels -n 1 -N images.amkd | cut -f 1)" -eq 9

echo "# pipes"
cmp <(amkd-cat pairs.amkd) <(amkd-cat <pairs.amkd)
cmp <(amkd-cat pairs.amkd) <(amkd-cat - <pairs.amkd)
amkd-cat -o out.tsv pairs.amkd
cmp out.tsv <(amkd-cat pairs.amkd)

echo "# the header is JSON"
amkd-cat --header pairs.amkd >header.json
grep -q '"path": "real.amkd"' header.json
grep -q '"digest": "xxh3-128:' header.json

echo "# several files are checked, also behind a bad one"
test "$(amkd-cat --check pairs.amkd images.amkd)" = "pairs.amkd: pairs, 1225 rows, ok
images.amkd: images, 50 rows, ok"
test -z "$(amkd-cat -q --check pairs.amkd images.amkd 2>&1)"
head -c 1000 pairs.amkd >cut.amkd
fails 1 "1 of 3 files are bad" amkd-cat --check images.amkd cut.amkd pairs.amkd
grep -q "'cut.amkd'" stderr
test "$(cut -d : -f 1 stdout | tr '\n' ' ')" = "images.amkd pairs.amkd "
fails 1 "'cut.amkd'" amkd-cat --check cut.amkd
fails 1 "'cut.amkd'" amkd-cat -o out cut.amkd
fails 1 "'text'" amkd-cat --check text
test ! -e /dev/full || fails 1 "No space left" amkd-cat -o /dev/full pairs.amkd

echo "# images in common, whatever else a row holds and however often they are there"
among() { amkd-cat --among "$@" | head -1 | cut -d ' ' -f 1-3; }
amkd-import -q --limit 20 -o few.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-import -q --limit 50 --unlabeled -o others.amkd $fashion/train-images-idx3-ubyte.gz
# The first image thrice, and 47 others of another set.
{ perl -e 'print pack "N4", 0x803, 50, 28, 28'
    for _ in 1 2 3; do zcat $fashion/t10k-images-idx3-ubyte.gz | tail -c +17 | head -c 784 || true; done
    zcat $fashion/train-images-idx3-ubyte.gz | tail -c +17 | head -c $((47 * 784)) || true
} >thrice-images-idx3-ubyte
amkd-import -q --unlabeled -o thrice.amkd thrice-images-idx3-ubyte
amkd-import -q --limit 5 --unlabeled --resize 20x28 -o small.amkd $fashion/t10k-images-idx3-ubyte.gz
test "$(amkd-cat --among real.amkd images.amkd)" = "50 of 50 images are among those of real.amkd"
test "$(among images.amkd real.amkd)" = "50 of 50"
cat <(amkd-cat --format npy --field pixels real.amkd) >real.npy
amkd-import -q --unlabeled -o twice.amkd real.npy real.npy
test "$(amkd-cat --among twice.amkd twice.amkd)" = \
    "100 of 100 images are among those of twice.amkd
50 of 100 are different"
test "$(among others.amkd images.amkd)" = "0 of 50"
test "$(among images.amkd thrice.amkd)" = "3 of 50"
test "$(among thrice.amkd images.amkd)" = "1 of 50"
test "$(among others.amkd thrice.amkd)" = "47 of 50"
test "$(among thrice.amkd thrice.amkd)" = "50 of 50"
test "$(among - few.amkd <images.amkd)" = "20 of 20"
test "$(among few.amkd <images.amkd)" = "20 of 50"
head -c 9000 images.amkd >short.amkd
fails 1 "'pairs.amkd': a stream of pairs, expected images" amkd-cat --among pairs.amkd images.amkd
fails 1 "'pairs.amkd': a stream of pairs, expected images" amkd-cat --among images.amkd pairs.amkd
fails 1 "'short.amkd'" amkd-cat --among short.amkd images.amkd
fails 1 "'short.amkd'" amkd-cat --among images.amkd short.amkd
fails 1 "'small.amkd': images of 28x20x1, expected 28x28x1" amkd-cat --among small.amkd images.amkd
fails 1 "'none'" amkd-cat --among none images.amkd
fails 2 "cannot be both" amkd-cat --among - <images.amkd
fails 2 "--among, --header, --check and --png exclude" amkd-cat --among images.amkd --check images.amkd
fails 2 "--format does not go with --among" amkd-cat --among images.amkd -f npy images.amkd
fails 2 "only --check takes several" amkd-cat --among images.amkd images.amkd real.amkd

echo "# journals are checked, also those that a crash left"
teacher="exec:perl $SOURCE/tests/teacher.pl honest"
amkd-query -q -t "$teacher" --journal paid -o labels.amkd real.amkd
checked() { # LINE...: what --check says of the journal
    test "$(amkd-cat --check paid)" = "$(printf '%s\n' "$@")" ||
        fail "--check says: $(amkd-cat --check paid 2>&1)"
}
sound="paid/sent.amkd: sent, 50 rows, ok"
summary="paid: journal of $teacher, 50 asked, 50 spent"
checked "$sound" "paid/answers.amkd: answers, 50 rows, ok" "$summary, 50 answered, ok"
test "$(amkd-cat --check paid/sent.amkd images.amkd)" = "$sound
images.amkd: images, 50 rows, ok"
fails 1 "'paid': a journal: --check says" amkd-cat -o out paid
fails 1 "'paid': a journal: --check says" amkd-cat --header paid
cp -r paid kept
restore() { cp kept/* paid/; }
truncate -s -28 paid/answers.amkd
checked "$sound" "paid/answers.amkd: answers, 50 rows, open, ok" "$summary, 50 answered, ok"
restore
truncate -s +5000 paid/sent.amkd
checked "paid/sent.amkd: sent, 50 rows, 5028 bytes behind them that a crash left, ok" \
    "paid/answers.amkd: answers, 50 rows, ok" "$summary, 50 answered, ok"
restore
truncate -s -40 paid/answers.amkd
truncate -s +1 paid/answers.amkd # of the trailer of the last block
amkd-cat --check paid | grep 'bytes behind them that a crash left, ok$' >/dev/null ||
    fail "a cut of the answers: $(amkd-cat --check paid)"
amkd-query -q -t "$teacher" --journal paid -o again.amkd real.amkd
amkd-cat --check -q paid
restore
truncate -s 10 paid/answers.amkd
checked "$sound" "paid/answers.amkd: answers, 0 rows, 10 bytes behind them that a crash left, ok" \
    "$summary, 0 answered, ok"
rm paid/answers.amkd
checked "$sound" "$summary, 0 answered, ok"

echo "# damage in a journal is told from what a crash leaves"
restore
perl -0777 -i -pe 'substr($_, 90, 1) ^= "\1"' paid/answers.amkd
fails 1 "'paid/answers.amkd'" amkd-cat --check paid
restore
zcat kept/sent.amkd | perl -0777 -pe 's/.\z/\x07/s' | perl "$SOURCE/tests/bgzf.pl" >paid/sent.amkd
fails 1 "'paid/sent.amkd': row 49: event 7" amkd-cat --check paid images.amkd
zcat kept/sent.amkd | sed 's/teacher.pl honest/teacher.pl Honest/' | perl "$SOURCE/tests/bgzf.pl" \
    >paid/sent.amkd
fails 1 "is of the teacher" amkd-cat --check paid
rm paid/sent.amkd
fails 1 "no sent.amkd in it" amkd-cat --check paid

echo "# contact sheets"
amkd-cat --png images.png images.amkd
amkd-cat --png pairs.png --columns 5 --scale 1 -n 20 pairs.amkd
amkd-import -q -o sheet.amkd pairs.png
amkd-cat --header sheet.amkd | tr -d ' \n' | grep -F '[122,152,1]' >/dev/null ||
    fail "the sheet of 5 x 4 images has another size"
mkdir moved
mv real.amkd moved/
fails 1 "--images" amkd-cat --png out pairs.amkd
amkd-cat --png again.png -i moved/real.amkd --columns 5 --scale 1 -n 20 pairs.amkd
cmp pairs.png again.png
fails 1 "not the image set of the stream" \
    amkd-cat --png out --images sheet.amkd pairs.amkd
fails 1 "this one holds them" amkd-cat --png out --images images.amkd images.amkd

echo "# misuse"
fails 2 "--header, --check and --png" amkd-cat --header --check pairs.amkd
fails 2 "only --check takes several files" amkd-cat pairs.amkd images.amkd
fails 2 "--scale does not go without --png" amkd-cat --scale 2 pairs.amkd
fails 2 "--format does not go with --check" amkd-cat --format json --check pairs.amkd
fails 2 "--output does not go with --png" amkd-cat --png x.png -o out pairs.amkd
fails 2 "'--format': 'csv'" amkd-cat --format csv pairs.amkd
fails 2 "--no-names" amkd-cat --format json -N pairs.amkd
fails 1 "no field 'x'" amkd-cat --field x -o out pairs.amkd
amkd-cat --help | grep -- --check >/dev/null
amkd-cat --version | grep '^amkd-cat [0-9]' >/dev/null

python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate
done
if [ -z "$python" ]; then
    echo "# no Python with NumPy: not read by it"
    exit 0
fi
echo "# NumPy reads what is written"
amkd-cat -f npy -o pairs.npy pairs.amkd
amkd-cat -f npy -o images.npy images.amkd
amkd-cat -f npy --field pixels -o pixels.npy images.amkd
zcat $fashion/t10k-images-idx3-ubyte.gz | head -c $((16 + 50 * 784)) >idx || true
"$python" - <<'END'
import json, numpy
pairs = numpy.load("pairs.npy")
assert pairs.dtype.names == ("i", "j") and pairs.shape == (1225,)
assert [tuple(pair) for pair in pairs] == [(i, j) for i in range(50) for j in range(i + 1, 50)]
pixels = numpy.load("pixels.npy")
assert pixels.shape == (50, 28, 28, 1) and pixels.dtype == "uint8"
idx = numpy.frombuffer(open("idx", "rb").read()[16:], "uint8")
assert (pixels.reshape(-1) == idx).all()
images = numpy.load("images.npy")
assert (images["pixels"] == pixels).all() and images["label"][0] == 9
assert json.load(open("header.json"))["kind"] == "pairs"
END
