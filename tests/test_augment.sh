#!/usr/bin/env bash
# amkd-augment on the command line, and its views in the tools that follow.
set -euo pipefail
source "$SOURCE/tests/command.sh"

field() { amkd-cat -N --field="$1" "$2"; }
none=(--flip 0 --shift 0 --rotate 0 --scale 0 --shear 0 --contrast 0)

# 12 images of 9 x 8 in 3 classes, and 5 others without labels.
idx() { # N FILE SEED
    { printf '\0\0\x8\x3\0\0\0'; printf "\\x$(printf %x "$1")"
      printf '\0\0\0\x9\0\0\0\x8'; head -c $(($1 * 72)) < <(seq "$3" 4000); } >"$2"
}
idx 12 real-idx3-ubyte 1
idx 5 other-idx3-ubyte 2000
{ printf '\0\0\x8\x1\0\0\0\xc'; printf '\0\1\2\0\1\2\0\1\2\0\1\2'; } >labels-idx1-ubyte
amkd-import -q --labels labels-idx1-ubyte -o real.amkd real-idx3-ubyte
amkd-import -q --unlabeled -o other.amkd other-idx3-ubyte

# Views in order, with label and source; the same bytes whatever way they are made.
amkd-augment -q -V 4 --seed 3 -o views.amkd real.amkd
amkd-augment -q -V 4 --seed 3 --threads 1 <real.amkd >piped.amkd
for file in views.amkd piped.amkd; do
    field source $file | cmp - <(for i in {0..11}; do printf "$i\n%.0s" {1..4}; done) ||
        fail "sources"
    field label $file | cmp - <(for i in {0..11}; do printf "$((i % 3))\n%.0s" {1..4}; done) ||
        fail "labels"
done
cmp <(field pixels views.amkd) <(field pixels piped.amkd) || fail "by pipe"
amkd-augment -q -V 4 --seed 3 --threads 2 -o again.amkd real.amkd
cmp views.amkd again.amkd || fail "the same bytes"
amkd-augment -q -V 4 --seed 4 -o again.amkd real.amkd
! cmp -s <(field pixels views.amkd) <(field pixels again.amkd) || fail "another seed"
[ "$(field pixels views.amkd | sort -u | wc -l)" = 48 ] || fail "all views differ"
amkd-cat --check -q views.amkd || fail "--check"

# More views begin as fewer do, though in two batches, and --keep puts the images before them.
amkd-augment -q -V 6k --seed 3 -o more.amkd real.amkd
amkd-augment -q -V 5 --seed 3 --keep -o kept.amkd real.amkd
cmp <(field pixels views.amkd) <(field pixels more.amkd | awk '(NR - 1) % 6000 < 4') ||
    fail "the first views of more"
cmp <(field pixels views.amkd) <(field pixels kept.amkd | awk 'NR % 5 != 1') || fail "--keep"
cmp <(field pixels real.amkd) <(field pixels kept.amkd | awk 'NR % 5 == 1') || fail "kept"

# Without any range a view is the image; alone, each range changes something.
amkd-augment -q -V 1 "${none[@]}" -o same.amkd real.amkd
cmp <(field pixels real.amkd) <(field pixels same.amkd) || fail "no range"
for range in "flip 1" "crop 3" "shift 0.2" "rotate 20" "scale 0.3" "shear 0.4" "contrast 0.5" \
    "brightness 0.5" "erase 0.9" "elastic 0.2"; do
    amkd-augment -q -V 3 "${none[@]}" --${range/ /=} -o one.amkd real.amkd
    ! cmp -s <(field pixels real.amkd) <(field pixels one.amkd | awk 'NR % 3 == 1') ||
        fail "--$range changes nothing"
    amkd-cat --header one.amkd | tr -d ' \n' >header
    grep -qF "{\"${range% *}\":" header || fail "$range in the header: $(cat header)"
done
of='"of":{"digest":"xxh3-128:[0-9a-f]*","path":"real.amkd","rows":12},"seed":0'
grep -q "$of" header || fail "views of what: $(cat header)"

amkd-augment -q -V 3 "${none[@]}" --crop 3 --border reflect -o one.amkd real.amkd
amkd-augment -q -V 3 "${none[@]}" --crop 3 -o black.amkd real.amkd
! cmp -s <(field pixels one.amkd) <(field pixels black.amkd) || fail "--border reflect"

amkd-augment -q -V 3 --only --crop 3 -o only.amkd real.amkd
cmp <(field pixels only.amkd) <(field pixels black.amkd) || fail "--only"

# Views of views know the first images.
amkd-augment -q -V 2 views.amkd -o twice.amkd
field source twice.amkd | cmp - <(field source views.amkd | awk '{ print; print }') ||
    fail "views of views"

# Pairs are of different images, in one set or across two, whole, drawn or in shards.
pairs() { # the pairs of FILE, of which SOURCES are in "sources", as they should be
    awk -v first="$1" '{ s[NR - 1] = $1 } END {
        for (i = 0; i < (first ? first : NR); i++)
            for (j = first ? first : i + 1; j < NR; j++)
                if (s[i] != s[j]) print i "\t" j }' sources
}
field source views.amkd >sources
amkd-pool -q -o pairs.amkd views.amkd
pairs 0 | cmp - <(amkd-cat -N pairs.amkd) || fail "pairs of different images"
amkd-pool -q -n 1056 -o drawn.amkd views.amkd
pairs 0 | cmp - <(amkd-cat -N drawn.amkd | sort -n -k1,1 -k2,2) || fail "all of them drawn"
expect 1 "cannot draw 1057 pairs: there are 1056 of different images" \
    amkd-pool -q -n 1057 -o out views.amkd
amkd-pool -q -n 500 --seed 2 -o drawn.amkd views.amkd
for pool in "" "-n 500 --seed 2"; do
    for s in 0 1 2 3 4 5 6; do amkd-pool -q $pool --shard $s/7 views.amkd | amkd-cat -N; done |
        cmp - <(amkd-pool -q $pool views.amkd | amkd-cat -N) || fail "shards of $pool"
done
{ seq 0 11; cat sources; } >both && mv both sources
amkd-pool -q -o cross.amkd real.amkd views.amkd
pairs 12 | cmp - <(amkd-cat -N cross.amkd) || fail "an image and views of others"
amkd-augment -q -V 3 -o strange.amkd other.amkd
amkd-pool -q -v views.amkd strange.amkd 2>stderr | amkd-cat -N | wc -l | grep -qx 720 ||
    fail "views of two sets: $(cat stderr)"
expect 1 "one and the same" amkd-pool -q -o out <(amkd-import -q --unlabeled --limit 1 \
    real-idx3-ubyte | amkd-augment -q -V 5)

# Scores, answers, students; a limit counts an image over all its views, in shards too.
amkd-train -q -a "fc 6 | relu | fc 3" --steps 30 --seed 1 -o student real.amkd
amkd-score -q -s student -k 20 --max-per-image 5 -o picks.amkd pairs.amkd
most_of() { # how often one image takes part in the picks of FILE, over its four views
    amkd-cat -N "$1" | cut -f1-2 | tr '\t' '\n' |
        awk '{ if (++n[int($1 / 4)] > most) most++ } END { print most }'
}
[ "$(most_of picks.amkd)" = 5 ] || fail "--max-per-image 5: $(most_of picks.amkd)"
for s in 0 1 2; do
    amkd-pool -q --shard $s/3 views.amkd |
        amkd-score -q -s student -k 20 --max-per-image 5 -o part$s.amkd
done
amkd-merge -q -o merged.amkd part0.amkd part1.amkd part2.amkd
cmp <(amkd-cat picks.amkd) <(amkd-cat merged.amkd) || fail "merged shards"
amkd-score -q --by random --seed 1 -k 20 --max-per-image 4 -o chance.amkd pairs.amkd
[ "$(most_of chance.amkd)" = 4 ] || fail "a limit of random picks: $(most_of chance.amkd)"
amkd-query -q -t model:student -o labels.amkd picks.amkd
amkd-query -q -t model:student -o single.amkd views.amkd
amkd-train -q -a "fc 6 | relu | fc 3" --steps 5 -o student2 labels.amkd single.amkd
mkdir moved && mv views.amkd moved
expect 1 "--images" amkd-merge -q -o out part0.amkd part1.amkd part2.amkd
amkd-merge -q --images moved/views.amkd -o merged2.amkd part2.amkd part0.amkd part1.amkd
cmp merged.amkd merged2.amkd || fail "amkd-merge --images"

# Bad input and misuse.
head -c 300 real.amkd >cut
expect 1 "cut" amkd-augment -q -o out cut
expect 1 "missing.amkd" amkd-augment -q -o out missing.amkd
expect 1 "pairs.amkd" amkd-augment -q -o out pairs.amkd
expect 1 "more than a stream can number" amkd-augment -q -V 4000000000 -o out real.amkd
expect 2 "--views" amkd-augment -V 0 -o out real.amkd
expect 1 "a range of saturation is for images of 3 channels" \
    amkd-augment -q --saturation 0.1 -o out real.amkd
expect 1 "a range of saturation is for images of 3 channels" \
    amkd-augment --check --saturation 0.1 real.amkd
expect 1 "'real.amkd': a range of saturation is for images of 3 channels" \
    amkd-train --check --augment "--saturation 0.1" real.amkd
zcat <real.amkd | head -c -1 | perl "$SOURCE/tests/bgzf.pl" >early.amkd
for side in 8 1000; do
    expect 1 "a crop of images padded by $side pixels may miss those of" \
        amkd-augment -q --crop $side -o out real.amkd
    expect 1 "'real.amkd': a crop of images padded by $side pixels" \
        amkd-train --check --augment "--crop $side" real.amkd
    # Before the data are read: these are cut short.
    expect 1 "'early.amkd': a crop of images padded by $side pixels" \
        amkd-train -q --augment "--crop $side" -o out early.amkd
done
expect 2 "'--border': 'grey'" amkd-augment --border grey -o out real.amkd
expect 2 "'--around': 'white'" amkd-augment --around white -o out real.amkd
expect 2 "--around is for --contrast" amkd-augment --contrast 0 --around mean -o out real.amkd
for bad in flip=1.1 flip=-0.1 shift=2 rotate=181 scale=1 shear=nan contrast=-1 erase=1.5 \
    elastic=0.6 brightness=x saturation=1.1 crop=1025 crop=1.5; do
    expect 2 "--${bad%=*}" amkd-augment --$bad -o out real.amkd
done
expect 2 "unexpected argument" amkd-augment -o out real.amkd real.amkd
