#!/usr/bin/env bash
# cpack makes Debian packages, one more where there is an MPI, which hold what they should and which lintian has no error of.
set -euo pipefail
for program in dpkg-deb dpkg-shlibdeps; do
    command -v $program >/dev/null || { echo "no $program: skipped"; exit 77; }
done
. "$SOURCE/tests/command.sh"

cpack --config "$BUILD/CPackConfig.cmake" -B "$PWD/made" >log 2>&1 || fail "cpack: $(cat log)"
version=$(sed -n 's/^project(amkd VERSION \([0-9.]*\).*/\1/p' "$SOURCE/CMakeLists.txt")
architecture=$(dpkg --print-architecture)
names=(amkd libamkd0 libamkd-dev)
[ ! -e "$BUILD/tools/amkd-score_mpi" ] || names+=(amkd-mpi)
for name in "${names[@]}"; do
    file=made/${name}_${version}_$architecture.deb
    [ -e "$file" ] || fail "no $file: $(ls made)"
    [ "$(stat -c %s "$file")" -lt 5000000 ] || fail "$file has $(stat -c %s "$file") bytes"
    dpkg-deb -x "$file" "$name"
    for document in copyright changelog.gz; do
        [ -s "$name/usr/share/doc/$name/$document" ] || fail "$name has no $document"
    done
    find "$name/usr" -path '*/man/*' -type f ! -name '*.gz' >plain
    [ ! -s plain ] || fail "not packed: $(cat plain)"
done

depends() { dpkg-deb -f "made/$1_${version}_$architecture.deb" Depends; }
for package in make pocl-opencl-icd libc6 libclblast1 libcurl; do
    [[ ", $(depends amkd)" = *", $package"* ]] ||
        fail "amkd does not depend on $package: $(depends amkd)"
done
[[ $(depends libamkd0) = *libjansson4* ]] || fail "libamkd0 depends on $(depends libamkd0)"
[[ $(depends libamkd0) != *libcurl* ]] || fail "libamkd0 depends on $(depends libamkd0)"
[ "$(depends libamkd-dev)" = "libamkd0 (= $version)" ] || fail "libamkd-dev: $(depends libamkd-dev)"

[ ${#names[@]} = 3 ] || [[ $(depends amkd-mpi) = *"amkd (= $version)"*mpi* ]] ||
    fail "amkd-mpi depends on $(depends amkd-mpi)"

# Each file in one package, and nothing that is installed in none.
DESTDIR=$PWD/stage cmake --install "$BUILD" --prefix /usr >log 2>&1 || fail "$(cat log)"
(cd stage && find . ! -type d ! -name LICENSE) |
    sed -E 's/(\/man[1-9]\/.*)/\1.gz/; s/zsh\/site-functions/zsh\/vendor-completions/' |
    LC_ALL=C sort >installed
for name in "${names[@]}"; do
    (cd $name && find . ! -type d)
done | grep -vE '/(copyright|changelog.gz)$' | LC_ALL=C sort >packed
diff installed packed >differences || fail "installed (<) and packed (>): $(cat differences)"

PATH=$PWD/amkd/usr/bin:/usr/bin:/bin
[ "$(amkd-cat --version | head -1)" = "amkd-cat $version" ] || fail "$(amkd-cat --version)"
amkd-distill --parameters >parameters
grep -q ^BUDGET parameters || fail "amkd-distill --parameters: $(cat parameters)"

command -v lintian >/dev/null || { echo "not tested: lintian (not installed)"; exit 0; }
lintian --no-cfg --fail-on error made/*.deb >tags 2>&1 || fail "lintian: $(cat tags)"
