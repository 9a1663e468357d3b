#!/usr/bin/env bash
# Image sets that are too large for the memory they are allowed go through every tool, and
# what comes out is the same as with sets in memory, byte for byte.
set -euo pipefail
. "$SOURCE/tests/command.sh"

# 260 images of 12 x 11 in four classes, smooth ones, the first 20 twice; and 90 others.
perl -e 'srand 3;
    sub image { my ($a, $b, $c) = @_;
        map { my $y = $_; map { int(128 + 90 * sin($a + $b * $_ / 4 + $c * $y / 3)) } 0 .. 10 }
            0 .. 11 }
    my @images = map { [image($_ % 4 * 1.5 + rand .5, 1 + $_ % 4, rand 3)] } 1 .. 240;
    sub put { my ($name, @set) = @_;
        open my $file, ">", "$name-images-idx3-ubyte";
        print $file pack("N4", 0x803, scalar @set, 12, 11), map { pack "C*", @$_ } @set;
        open $file, ">", "$name-labels-idx1-ubyte";
        print $file pack("N2", 0x801, scalar @set), pack "C*", map { $_ % 4 } 1 .. @set }
    put("real", @images, @images[0 .. 19]);
    put("test", map { [image($_ % 4 * 1.5 + rand .5, 1 + $_ % 4, rand 3)] } 1 .. 90)'
mkdir photos
for n in 01 02 03 04 05; do
    amkd-import -q -o one.amkd --sample 1 --seed "${n#0}" real-images-idx3-ubyte
    amkd-cat --png photos/$n.png --columns 1 one.amkd
done
for n in 06 07 08 09 10; do cp photos/01.png photos/$n.png; done
for n in 11 12 13; do head -c 60 photos/02.png >photos/$n.png; done

# everything, in this folder.
everything() {
    amkd-import -q -o real.amkd ../real-images-idx3-ubyte
    amkd-import -q -o test.amkd ../test-images-idx3-ubyte
    amkd-import -q --unlabeled --sample 200 --seed 4 -o sample.amkd ../real-images-idx3-ubyte
    amkd-augment -q -V 3 --keep --seed 2 -o views.amkd real.amkd
    amkd-train -q -a "conv 5 k3 | relu | maxpool 2 | fc classes" --batch 48 --steps 300 \
        --mixup 0.4 --seed 5 -o teacher.safetensors real.amkd views.amkd
    # With a window of several steps, across the ends of epochs.
    AMKD_MEMORY=${AMKD_MEMORY:+30K} amkd-train -q -a "fc 8 | relu | fc classes" --batch 7 \
        --steps 700 --seed 6 -o other.safetensors real.amkd
    amkd-pool -q --single -o single.amkd sample.amkd views.amkd
    amkd-pool -q -n 3000 --seed 1 -o pairs.amkd sample.amkd
    amkd-pool -q -n 2000 --seed 1 -o mixed-pairs.amkd views.amkd
    local pool by
    for pool in single pairs mixed-pairs; do
        for by in c2 entropy random; do
            amkd-score -q -s teacher.safetensors --by $by -k 60 --max-per-image 9 \
                -o picks-$pool-$by.amkd $pool.amkd
        done
    done
    amkd-score -q -s teacher.safetensors --engine layered -o every.amkd pairs.amkd
    amkd-score -q -s teacher.safetensors -k 40 --refine 5 --diverse 2 -o diverse.amkd pairs.amkd
    local shard
    for shard in 0 1; do
        amkd-pool -q -n 2000 --seed 1 --shard $shard/2 views.amkd |
            amkd-score -q -s teacher.safetensors --by c2 -k 60 --max-per-image 9 -o part$shard.amkd
    done
    amkd-merge -q -o merged.amkd part0.amkd part1.amkd
    cmp <(amkd-cat merged.amkd) <(amkd-cat picks-mixed-pairs-c2.amkd) || fail "merged shards"
    amkd-query -q -t model:teacher.safetensors -o labels.amkd picks-pairs-c2.amkd
    amkd-query -q -t model:teacher.safetensors -o answers.amkd test.amkd
    amkd-query -q -t replay:labels.amkd -o again.amkd picks-pairs-c2.amkd
    amkd-score -q -s teacher.safetensors --bought labels.amkd -k 20 --diverse 2 -o bought.amkd
    amkd-train -q -a "fc 8 | relu | fc classes" --batch 7 --steps 700 --seed 5 --holdout 0.3 \
        --val answers.amkd -o student.safetensors labels.amkd answers.amkd
    amkd-eval -q -s student.safetensors test.amkd >eval.txt
    amkd-eval -q -s student.safetensors -t model:teacher.safetensors test.amkd >asked.txt
    amkd-eval -q -s student.safetensors --answers answers.amkd test.amkd >answered.txt
    amkd-eval -q -s student.safetensors --holdout 0.3 labels.amkd >held-out.txt
    amkd-cat --png picks.png picks-pairs-c2.amkd
    amkd-cat --among sample.amkd real.amkd >among.txt
    amkd-import -q --distinct 16 --apart-from test.amkd -o distinct.amkd ../real-images-idx3-ubyte
    amkd-import -q --distinct 0 --skip-bad 0.5 -o photos.amkd ../photos
    amkd-pool -q -o distinct-pairs.amkd distinct.amkd
    amkd-cat --check -q ./*.amkd
}

mkdir near far
(cd near; everything)
[ -z "$(find near -name '*.index')" ] || fail "an index of a small set"
export AMKD_MEMORY=3K
(cd far; everything)
ls far/real.amkd.index far/views.amkd.index >/dev/null || fail "no index"
for file in near/*; do
    case $file in
        */distinct.amkd | */photos.amkd)
            # How many there are shows too late for the header.
            cmp <(amkd-cat "$file") <(amkd-cat "far/${file#near/}") || fail "$file: other images" ;;
        */distinct-pairs.amkd) cmp <(amkd-cat "$file") <(amkd-cat "far/${file#near/}") ;;
        *) cmp "$file" "far/${file#near/}" || fail "$file: other bytes" ;;
    esac
done
[ "$(amkd-cat -N --field label far/photos.amkd 2>/dev/null | wc -l)" = 0 ] || fail "labels"
[ "$(amkd-cat -N far/photos.amkd | wc -l)" = 5 ] || fail "photos"

# An index is a stream like others.
cd far
amkd-cat --check real.amkd.index >stdout
grep -q 'real.amkd.index.*260' stdout || fail "--check of an index: $(cat stdout)"
[ "$(amkd-cat -N --field label real.amkd.index | sort | uniq -c | awk '{ print $1 }' | uniq)" = 65 ] ||
    fail "labels in the index"
expect 1 "'real.amkd.index': a stream of index, expected images" amkd-pool -q -o out real.amkd.index

# Without one, or with one of another file, a tool makes it; in a folder that it may not write it
# does without.
cp real.amkd.index right
for spoil in "rm real.amkd.index" "cp test.amkd.index real.amkd.index" \
    "truncate -s 100 real.amkd.index" "cp views.amkd.index real.amkd.index"; do
    eval "$spoil"
    amkd-pool -q -n 3000 --seed 1 sample.amkd | cmp - pairs.amkd || fail "$spoil"
    amkd-pool -q -o out --single real.amkd
    rm out
    cmp real.amkd.index right || fail "$spoil: another index"
done
mkdir shut
cp sample.amkd shut
chmod a-w shut
pool=(amkd-pool -q -n 3000 --seed 1 -o - sample.amkd)
if [ ! -w shut ]; then
    (cd shut && "${pool[@]}") >out || fail "a folder that is shut"
elif unshare --mount true 2>stderr; then # no mode keeps root out
    # shellcheck disable=SC2016 # the shell inside expands it
    unshare --mount sh -c 'mount --bind shut shut && mount -o remount,bind,ro shut && cd shut && "$@"' \
        sh "${pool[@]}" >out || fail "a folder that is shut"
else
    echo "not tested: a folder that is shut (root, $(cat stderr))"
    cp pairs.amkd out
fi
cmp out pairs.amkd && [ ! -e shut/sample.amkd.index ] || fail "an index in a folder that is shut"
rm out
chmod u+w shut

# A set that was changed since, or is gone, is refused by all who were told of it.
cp labels.amkd picks-pairs-c2.amkd pairs.amkd teacher.safetensors shut
cd shut
changed() {
    expect 1 "$1" amkd-score -q -s teacher.safetensors -k 9 -o out pairs.amkd
    expect 1 "$1" amkd-query -q -t model:teacher.safetensors -o out picks-pairs-c2.amkd
    expect 1 "$1" amkd-train -q --steps 1 -o out labels.amkd
    expect 1 "$1" amkd-eval -q -s teacher.safetensors -o out labels.amkd
    expect 1 "$1" amkd-cat --png out picks-pairs-c2.amkd
}
amkd-import -q --unlabeled --sample 200 --seed 9 -o sample.amkd ../../real-images-idx3-ubyte
changed "'sample.amkd': not the image set of the stream"
rm sample.amkd
changed "'sample.amkd': No such file"
cp ../sample.amkd .
perl -e 'open my $f, "+<", "sample.amkd"; seek $f, 9000, 0; print $f "damage"'
rm -f sample.amkd.index
changed "'sample.amkd': at byte"
# Damaged behind the index's back.
cp ../sample.amkd.index .
expect 1 "'sample.amkd'" amkd-query -q -t model:teacher.safetensors -o out sample.amkd
cd ..

# A set of a single image, within less memory than it has.
amkd-import -q --unlabeled --limit 1 -o one.amkd ../real-images-idx3-ubyte
amkd-pool -q --single -o one-single.amkd one.amkd
AMKD_MEMORY=1G amkd-score -q -s teacher.safetensors -o near-picks.amkd one-single.amkd
AMKD_MEMORY=50 amkd-score -q -s teacher.safetensors -o far-picks.amkd one-single.amkd
cmp near-picks.amkd far-picks.amkd || fail "a single image"

# By a pipe a set is in memory whatever its size.
amkd-augment -q -V 3 --keep --seed 2 <real.amkd | amkd-cat --field pixels - |
    cmp - <(amkd-cat --field pixels views.amkd) || fail "by pipe"

AMKD_MEMORY=much expect 1 "AMKD_MEMORY is 'much', expected a size such as 512M or 4G" \
    amkd-pool -q -o out real.amkd
