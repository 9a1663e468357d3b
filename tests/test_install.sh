#!/usr/bin/env bash
# cmake --install puts everything under a prefix, behind DESTDIR, and what is there works
# wherever it is moved to.
set -euo pipefail
. "$SOURCE/tests/command.sh"

DESTDIR=$PWD/stage cmake --install "$BUILD" --prefix /opt/amkd >log 2>&1 || fail "$(cat log)"
[ "$(find stage -mindepth 1 -maxdepth 2 | sort | xargs)" = 'stage/opt stage/opt/amkd' ] ||
    fail "installed beside the prefix: $(find stage -maxdepth 2)"
mv stage/opt/amkd moved
for tool in "$SOURCE"/tools/amkd-*.[cs]*; do
    name=$(basename "${tool%.*}")
    [ -x "moved/bin/$name" ] || fail "no $name"
    [ -e "moved/share/man/man1/$name.1" ] || fail "no page of $name"
    for file in bash-completion/completions/$name fish/vendor_completions.d/$name.fish; do
        [ -e "moved/share/$file" ] || fail "no $file"
    done
done
for file in "$SOURCE"/tools/distill-*; do
    [ -e "moved/share/amkd/${file##*/}" ] || fail "no ${file##*/}"
done
for file in "$SOURCE"/datasets/*.*; do
    [ "${file##*/}" = CMakeLists.txt ] || [ -e "moved/share/amkd/datasets/${file##*/}" ] ||
        fail "no ${file##*/}"
done
[ -x moved/share/amkd/datasets/fashion-mnist.sh ] || fail "fashion-mnist.sh is not to be run"
for file in share/doc/amkd/{README.md,LICENSE} include/amkd.h \
    share/man/man3/libamkd.3 share/man/man5/amkd-stream.5 share/man/man7/amkd.7 \
    share/zsh/site-functions/_amkd; do
    [ -e "moved/$file" ] || fail "no $file"
done
libraries=$(find moved -name 'libamkd.*' ! -name '*.3' -printf '%f\n' | LC_ALL=C sort | xargs)
version=$(sed -n 's/^project(amkd VERSION \([0-9.]*\).*/\1/p' "$SOURCE/CMakeLists.txt")
[ "$libraries" = "libamkd.a libamkd.so libamkd.so.${version%%.*} libamkd.so.$version" ] ||
    fail "libraries: $libraries"
# Texts that would be of use only where it was built.
if grep -rIlF -e "$BUILD" -e "$SOURCE" -e /opt/amkd moved >found; then
    fail "these name the folder of the build or the prefix: $(xargs <found)"
fi

# The whole loop, of these tools alone.
PATH=$PWD/moved/bin:/usr/bin:/bin
perl -e 'print pack("N4", 0x803, 12, 6, 6), map { pack("n", $_) . "x" x 34 } 1 .. 12' \
    >real-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 12), map { chr($_ % 3) } 1 .. 12' >real-labels-idx1-ubyte
amkd-import -q -o real.amkd real-images-idx3-ubyte
amkd-train -q -a mlp --steps 1 -o teacher.safetensors real.amkd
amkd-distill -q --dir run IMAGES=real.amkd TEACHER=model:teacher.safetensors BUDGET=8 ROUNDS=1 \
    VIEWS=2 ARCH=mlp STEPS=2 ASSISTANT= >table 2>stderr ||
    fail "amkd-distill: $(cat stderr)"
[ -s run/student.safetensors ] || fail "no student"
amkd-report -q -o page.html run
