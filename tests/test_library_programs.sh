#!/usr/bin/env bash
# libamkd as it is installed: what it shows to other programs is what its header, its manual
# and its version script say; and the programs of the manual are compiled and run.
set -euo pipefail
. "$SOURCE/tests/command.sh"
public=$SOURCE/libcore/public page=$SOURCE/libcore/public/libamkd.3

cmake --install "$BUILD" --prefix "$PWD/there" >log 2>&1 || fail "$(cat log)"
libraries=$(dirname "$(find there -name libamkd.a)")
export PKG_CONFIG_PATH=$PWD/$libraries/pkgconfig LD_LIBRARY_PATH=$PWD/$libraries

# ---------------------------------------------------------------------------- symbols
grep -oE '\bamkd_[a-z_]+\(' "$public/amkd.h" | tr -d '(' | sort -u >declared
[ "$(wc -l <declared)" -ge 15 ] || fail "amkd.h declares only $(xargs <declared)"
same() { diff declared "$1" >differences || fail "amkd.h (<) and $2 (>): $(cat differences)"; }
grep -oE '\bamkd_[a-z_]+' "$public/libamkd.map" | sort >mapped
same mapped libamkd.map
nm -D --defined-only "$libraries/libamkd.so" | awk '$2 != "A" { print $3 }' >shown
sed -n 's/@@LIBAMKD_[0-9.]*$//p' shown | sort >versioned
same versioned 'the symbols of libamkd.so with a version'
[ "$(wc -l <shown)" = "$(wc -l <declared)" ] || fail "libamkd.so shows $(xargs <shown)"
nm -g --defined-only "$libraries/libamkd.a" | awk 'NF == 3 { print $3 }' | sort >archived
same archived 'the symbols of libamkd.a'
sed -n 's/^\.F[no] \(amkd_[a-z_]*\).*/\1/p' "$page" | sed '/^amkd_$/d' | sort -u >described
same described 'the page libamkd.3'
grep -q 'SONAME.*\[libamkd\.so\.0\]' <<<"$(readelf -d "$libraries/libamkd.so")" || fail "its soname"
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$page" >lint 2>&1 || fail "$(cat lint)"
fi

# --------------------------------------------------------------------------- programs
# example NAME: the program that stands in the manual behind a comment with its name.
example() {
    sed -n '/^\.\\" example: '"$1"'$/,/^\.Ed$/p' "$page" | sed '/^\./d; s/\\e/\\/g' >"$1"
    [ -s "$1" ] || fail "the manual has no $1"
}
example classify.c
example answer.py
read -ra shared < <(pkg-config --cflags --libs amkd)
read -ra static < <(pkg-config --cflags --libs --static amkd | sed s/-lamkd/-l:libamkd.a/)
strict=(-std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wno-sign-compare -pedantic -Werror)
cc "${strict[@]}" -o classify classify.c "${shared[@]}"
cc "${strict[@]}" -o classify-static classify.c "${static[@]}"
grep -q 'NEEDED.*libamkd\.so\.0' <<<"$(readelf -d classify)" || fail "classify does not need libamkd"
! grep -q libamkd <<<"$(readelf -d classify-static)" || fail "classify-static needs libamkd"
echo '#include <amkd.h>' >header.cc
c++ -std=c++11 -Wall -Wextra -pedantic -Werror -fsyntax-only header.cc "${shared[@]}"
mkdir project
cat >project/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(classify LANGUAGES C)
find_package(amkd 0.1 REQUIRED)
add_executable(classify ../classify.c)
target_link_libraries(classify PRIVATE amkd::amkd)
CMAKE
cmake -S project -B project/build -DCMAKE_PREFIX_PATH="$PWD/there" >log 2>&1 &&
    cmake --build project/build >>log 2>&1 || fail "find_package(amkd): $(cat log)"

# 700 images, more than the programs have at a time, and the end in the middle of a batch.
perl -e 'print pack("N4", 0x803, 700, 5, 6), map { chr($_ * $_ * 7 % 251) } 1 .. 700 * 30' \
    >set-images-idx3
perl -e 'print pack("NN", 0x801, 700), map { chr($_ % 3) } 1 .. 700' >set-labels-idx1
amkd-import -q --class-names cat,dog,horse -o set.amkd set-images-idx3
amkd-train -q -a "conv 4 k3 | relu | fc classes" --steps 40 -o model.safetensors set.amkd
amkd-query -q -t model:model.safetensors -o expected.amkd set.amkd
amkd-cat -q expected.amkd >expected

# The likeliest class of each row of labels, as classify prints it.
awk 'BEGIN { split("cat dog horse", name, " ") }
     !/^[#i]/ { best = 1; for (c = 2; c <= 3; c++) if ($(3 + c) > $(3 + best)) best = c
                printf "%d %s %.4f\n", best - 1, name[best], $(3 + best) }' expected >likeliest
[ "$(wc -l <likeliest)" = 700 ] || fail "amkd-cat: $(head -3 expected)"
for program in ./classify ./classify-static project/build/classify; do
    "$program" model.safetensors set.amkd >out.txt 2>stderr || fail "$program: $(cat stderr)"
    cmp out.txt likeliest || fail "$program: $(diff out.txt likeliest | head -5)"
done
expect 1 'says its network itself' ./classify model.safetensors,arch=nonsense set.amkd
expect 1 'nowhere' ./classify nowhere set.amkd
amkd-import -q --resize 4x4 -o small.amkd set-images-idx3
expect 1 'another size' ./classify model.safetensors small.amkd
head -c -28 set.amkd >cut.amkd
"./classify" model.safetensors cut.amkd >out.txt 2>stderr && fail "a stream cut short is no error"
grep -q cut.amkd stderr || fail "a stream cut short: $(cat stderr)"

command -v python3 >/dev/null || { echo "not tested: answer.py, weights (no python3)"; exit 0; }
python3 answer.py model.safetensors set.amkd labels.amkd || fail "answer.py"
amkd-cat -q labels.amkd >got
cmp got expected || fail "answer.py: $(diff got expected | head -5)"
amkd-train -q -a "fc classes" --steps 2 -o student.safetensors labels.amkd
rm labels.amkd
expect 1 'another size' python3 answer.py model.safetensors small.amkd labels.amkd
[ ! -e labels.amkd ] || fail "answer.py left labels"

# Weights of another program, of which the path says the network.
python3 - model.safetensors weights >scales <<'PYTHON'
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
said = header.pop("__metadata__")
text = json.dumps(header).encode()
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
print("mean=%s,std=%s" % (said["amkd.mean"], said["amkd.std"]))
PYTHON
./classify "weights,arch=conv 4 k3 | relu | fc classes,input=1x5x6,$(cat scales)" set.amkd \
    >out.txt 2>stderr || fail "weights: $(cat stderr)"
awk '{ print $1, $2 }' out.txt >nameless
awk '{ print $1, $3 }' likeliest | cmp - nameless || fail "weights are another model"
