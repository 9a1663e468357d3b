# amkd-import on real images and from the command line: same bytes for any number of
# threads, formats that agree with one another, messages that say what is wrong.
set -euo pipefail

fashion=/usr/share/datasets/fashion-mnist
test -e $fashion/t10k-images-idx3-ubyte.gz || { echo "no Fashion-MNIST"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# fails STATUS MESSAGE COMMAND...: the command ends so, says so, leaves no out.amkd.
fails() {
    local status=$1 message=$2 got=0
    shift 2
    rm -f out.amkd
    "$@" >stdout 2>stderr || got=$?
    test $got -eq "$status" || fail "'$*' ended with $got, not $status: $(cat stderr)"
    grep -qF -- "$message" stderr || fail "'$*' says: $(cat stderr); not: $message"
    test ! -e out.amkd || fail "'$*' left a file behind"
    test ! -s stdout || fail "'$*' wrote to stdout"
}

echo "# real images, labels found beside them"
amkd-import -q -o test.amkd $fashion/t10k-images-idx3-ubyte.gz
test "$(amkd-cat --check test.amkd)" = "test.amkd: images, 10000 rows, ok"
amkd-cat -N --field label test.amkd | sort | uniq -c >classes
test "$(awk '$1 == 1000' classes | wc -l)" -eq 10 || fail "not 1000 of each class"
amkd-cat --header test.amkd | grep '"nclasses": 10' >/dev/null || fail "no nclasses"
amkd-cat --header test.amkd | grep '"amkd-import"' >/dev/null || fail "no provenance"

echo "# stdin, stdout, gunzipped: the same pixels"
zcat $fashion/t10k-images-idx3-ubyte.gz | amkd-import --unlabeled - >piped.amkd
cmp <(amkd-cat -f npy --field pixels piped.amkd) <(amkd-cat -f npy --field pixels test.amkd)

echo "# the same bytes for any number of threads"
for threads in 1 2 5; do
    amkd-import --threads $threads --sample 700 --seed 11 --resize 14x20 --rgb \
        -o sample$threads.amkd $fashion/t10k-images-idx3-ubyte.gz
done
cmp sample1.amkd sample2.amkd
cmp sample1.amkd sample5.amkd
amkd-import --sample 700 --seed 12 --resize 14x20 --rgb -o other.amkd \
    $fashion/t10k-images-idx3-ubyte.gz
cmp -s sample1.amkd other.amkd && fail "two seeds drew the same"

echo "# limit keeps the front"
amkd-import --limit 3 -o three.amkd $fashion/t10k-images-idx3-ubyte.gz
cmp <(amkd-cat three.amkd) <(amkd-cat -n 3 test.amkd)

echo "# NPY out and in again, labels from a file of their own"
amkd-cat -f npy --field pixels -o x.npy three.amkd
amkd-cat -f npy --field label -o y.npy three.amkd
amkd-import --labels y.npy --class-names a,b,c,d,e,f,g,h,i,j -o again.amkd x.npy
cmp <(amkd-cat three.amkd) <(amkd-cat again.amkd)
amkd-cat --header again.amkd | grep class_names >/dev/null || fail "no class names"

echo "# a folder of pictures: one class a subfolder"
mkdir -p folder/boot folder/shirt
for i in 1 2 3 4 5 6; do
    amkd-import --sample 1 --seed $i -o one.amkd $fashion/t10k-images-idx3-ubyte.gz
    class=$(test $((i % 2)) = 0 && echo boot || echo shirt)
    amkd-cat --png folder/$class/$i.png --scale 1 one.amkd
done
for threads in 1 2; do
    amkd-import --threads $threads -o folder$threads.amkd folder
done
cmp folder1.amkd folder2.amkd
test "$(amkd-cat -N --field label folder1.amkd | tr '\n' ' ')" = "0 0 0 1 1 1 "
amkd-import --unlabeled -o files.amkd folder/boot/*.png folder/shirt/*.png
cmp <(amkd-cat -f npy --field pixels files.amkd) <(amkd-cat -f npy --field pixels folder1.amkd)

echo "# BMP and WebP are as good as PNG, whatever their names"
mkdir -p formats/a formats/b
cp "$SOURCE/tests/fuzz/corpus/picture/rgb24.bmp" formats/a/x.bmp
cp formats/a/x.bmp formats/b/x.PNG
cp "$SOURCE/tests/fuzz/corpus/picture/lossless.webp" formats/b/y.WebP
amkd-import -o formats.amkd formats
test "$(amkd-cat -N --field pixels formats.amkd | sort -u | wc -l)" -eq 1 || fail "other pixels"
test "$(amkd-cat -N --field label formats.amkd | tr '\n' ' ')" = "0 1 1 "

echo "# what is wrong is said, and nothing is left behind"
head -c 100 folder/boot/2.png >folder/boot/3.png
fails 1 "'folder/boot/3.png': PNG: the file is cut short" amkd-import -o out.amkd folder
rm folder/boot/3.png
amkd-cat --png folder/boot/3.png --scale 2 one.amkd
fails 1 "images of different shapes: 'folder/boot/2.png' is 32x32, 1 channels," \
    amkd-import -o out.amkd folder
amkd-import --resize 16x16 -o resized.amkd folder
zcat $fashion/t10k-images-idx3-ubyte.gz | head -c 10000 >cut-images-idx3-ubyte || true
fails 1 "'cut-images-idx3-ubyte': IDX data have 9984 bytes, expected 7840000" \
    amkd-import -o out.amkd cut-images-idx3-ubyte
head -c 10000 $fashion/t10k-images-idx3-ubyte.gz >cut.gz
fails 1 "'cut.gz': gzip data are cut short" amkd-import -o out.amkd cut.gz
fails 1 "'nowhere'" amkd-import -o out.amkd nowhere
fails 1 "'y.npy': 3 labels for 10000 images" \
    amkd-import -o out.amkd --labels y.npy $fashion/t10k-images-idx3-ubyte.gz
fails 1 "cannot sample 4 of 3 images" amkd-import --sample 4 -o out.amkd x.npy
fails 1 "have no labels" amkd-import --class-names a,b -o out.amkd x.npy
echo text >text
fails 1 "'text': neither IDX, NPY, PNG, JPEG" amkd-import -o out.amkd text
! grep -q -- '--format' stderr || fail "--format would not help: $(cat stderr)"
fails 1 "batch, but a stream of amkd's own (amkd-cat shows it)" amkd-import -o out.amkd one.amkd
printf '\x20\0\0\0\0\0\0\0{"w":{"dtype":"F32"}}          ' >model.safetensors
fails 1 "batch, but a safetensors file, as models are" amkd-import -o out.amkd model.safetensors

echo "# broken pictures, and what is no picture, told on stderr"
mkdir photos
for i in $(seq 40); do cp folder/boot/2.png photos/$i.png; done
for i in 3 11; do head -c 100 folder/boot/2.png >photos/$i.png; done
head -c -12 folder/boot/2.png >photos/5.png
touch photos/a.GIF photos/b.gif photos/none
ln -s nowhere photos/gone.png
fails 1 "'photos/11.png': PNG: the file is cut short (--skip-bad leaves such files out)" \
    amkd-import -o out.amkd photos
fails 1 "2 of 40 pictures cannot be read, more than the share of 0.01" \
    amkd-import --skip-bad 0.01 -o out.amkd photos
grep -qxF "  'photos/3.png': PNG: the file is cut short" stderr || fail "$(cat stderr)"
amkd-import --skip-bad 0.1 -o photos.amkd photos 2>stderr
diff - stderr <<'END' || fail "that is another report"
amkd-import: passed over:
  'photos/gone.png': a link that leads nowhere
amkd-import: read, but to be looked at:
  'photos/5.png': ends without its end marker; all pixels are there
amkd-import: 2 of 40 pictures cannot be read and are left out:
  'photos/11.png': PNG: the file is cut short
  'photos/3.png': PNG: the file is cut short
amkd-import: left out in all: 6
       2  PNG: the file is cut short, as 'photos/11.png'
       2  not named as a picture, but .gif, as 'photos/a.GIF'
       1  a link that leads nowhere, as 'photos/gone.png'
       1  not named as a picture, as 'photos/none'
END
test "$(amkd-cat --check photos.amkd)" = "photos.amkd: images, 38 rows, ok"
amkd-import -q --skip-bad 0.1 -o quiet.amkd photos 2>stderr
test ! -s stderr || fail "-q says $(cat stderr)"
cmp <(amkd-cat photos.amkd) <(amkd-cat quiet.amkd)
for i in $(seq 41 70); do : >photos/$i.png; done
amkd-import --skip-bad 0.5 -o photos.amkd photos 2>stderr
grep -qx "  and 12 more (-v shows all)" stderr || fail "$(cat stderr)"
amkd-import -v --skip-bad 0.5 -o photos.amkd photos 2>stderr
test "$(grep -c "^  'photos/[0-9]*.png': .*an empty file" stderr)" -eq 30 || fail "$(cat stderr)"
grep -qx "      30  no PNG, JPEG, WebP or BMP, but an empty file, as 'photos/41.png'" stderr ||
    fail "$(cat stderr)"
# Reasons beyond the twelfth are named by -v alone.
mkdir many
cp folder/boot/2.png many
for end in a b c d e f g h i j k l m n; do touch many/x.$end; done
amkd-import -o many.amkd many 2>stderr
grep -qx "       2  for other reasons (-v shows all)" stderr || fail "$(cat stderr)"
test "$(wc -l <stderr)" -eq 14 || fail "$(cat stderr)"
amkd-import -v -o many.amkd many 2>stderr
grep -q "but .n, as 'many/x.n'" stderr && ! grep -q "other reasons" stderr || fail "$(cat stderr)"

echo "# images that repeat another, left out and told"
mkdir -p album/a album/b
cp folder/boot/2.png album/a/1.png
cp folder/boot/4.png album/a/2.png
cp folder/boot/2.png album/a/3.png
cp folder/boot/6.png album/b/0.png
cp folder/boot/4.png album/b/1.png
amkd-import --distinct 0 -o exact.amkd album 2>stderr
diff - stderr <<'END' || fail "that is another report"
amkd-import: left out as repeats of an earlier image: 2 with the same pixels, 0 near; 1 of them with another label:
  'album/a/3.png' is 'album/a/1.png'
  'album/b/1.png' is 'album/a/2.png'
amkd-import: left out in all: 2
       2  the same pixels as an earlier image, as 'album/a/3.png'
END
test "$(amkd-cat -N --field label exact.amkd | tr '\n' ' ')" = "0 0 1 "
amkd-import -q --unlabeled --limit 40 -o forty.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-cat -f npy --field pixels -o forty.npy forty.amkd
npixels=$((40 * 28 * 28))
{ head -c -$npixels forty.npy; tail -c $npixels forty.npy | LC_ALL=C tr '\100-\376' '\101-\377'; } >brighter.npy
for threads in 1 3; do
    amkd-import --threads $threads --distinct 16 -o near$threads.amkd forty.npy brighter.npy \
        2>stderr
done
cmp near1.amkd near3.amkd
cmp <(amkd-cat near1.amkd) <(amkd-cat forty.amkd)
grep -qxF "amkd-import: left out as repeats of an earlier image: 0 with the same pixels, 40 near:" \
    stderr || fail "$(cat stderr)"
grep -qE "^  'brighter.npy': image 0 is near 'forty.npy': image 0, [0-9]+ bits$" stderr ||
    fail "$(cat stderr)"
grep -qx "  and 20 more (-v shows all)" stderr || fail "$(cat stderr)"
amkd-import -q --limit 7 -o held.amkd brighter.npy
amkd-import -q --limit 2 -o held2.amkd brighter.npy
amkd-import -v --distinct 16 --apart-from held.amkd --apart-from held2.amkd -o apart.amkd \
    forty.npy 2>stderr
grep -qxF "amkd-import: left out as repeats of an image to be apart from: 0 with the same pixels, 7 near:" \
    stderr || fail "$(cat stderr)"
grep -qxF "       7  near an image to be apart from, as 'forty.npy': image 0" stderr ||
    fail "$(cat stderr)"
cmp <(amkd-cat -N apart.amkd) <(amkd-cat -N forty.amkd | tail -n +8)
amkd-import -q --distinct 16 -o quiet.amkd forty.npy brighter.npy 2>stderr
test ! -s stderr || fail "-q says $(cat stderr)"
fails 1 "'held.amkd' has images of 28x28, 1 channels" \
    amkd-import --resize 16x16 --distinct 0 --apart-from held.amkd -o out.amkd forty.npy
fails 1 "none of 40 images is left" \
    amkd-import --distinct 0 --apart-from forty.amkd -o out.amkd forty.npy

echo "# pictures that cannot be read repeat nothing"
amkd-import -q --skip-bad 0.5 --distinct 31 -o alike.amkd photos
cmp <(amkd-cat alike.amkd) <(amkd-cat -n 1 photos.amkd)

echo "# misuse"
fails 2 "--apart-from needs --distinct" amkd-import --apart-from test.amkd -o out.amkd x.npy
fails 2 "--distinct" amkd-import --distinct 32 -o out.amkd x.npy
fails 2 "'hwc' is none of nhwc" amkd-import --layout hwc -o out.amkd x.npy
fails 2 "'--alpha': 'red'" amkd-import --alpha red -o out.amkd x.npy
fails 2 "--skip-bad" amkd-import --skip-bad 1.5 -o out.amkd x.npy
fails 2 "--resize '28'" amkd-import --resize 28 -o out.amkd x.npy
fails 2 "--resize '28x0'" amkd-import --resize 28x0 -o out.amkd x.npy
fails 2 "'--format': 'gif'" amkd-import --format gif -o out.amkd x.npy
fails 2 "--gray and --rgb" amkd-import --gray --rgb -o out.amkd x.npy
fails 2 "--seed is for --sample" amkd-import --seed 1 -o out.amkd x.npy
fails 2 "--labels" amkd-import --unlabeled --labels y.npy -o out.amkd x.npy
fails 2 "limit" amkd-import --limit 0 -o out.amkd x.npy
fails 2 "an argument is missing" amkd-import -o out.amkd
amkd-import --help | grep -- --sample >/dev/null
amkd-import --version | grep '^amkd-import [0-9]' >/dev/null
