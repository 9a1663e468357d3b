#!/usr/bin/env bash
# The folders of libcore know what the table of its README lets them know, and nothing else: no
# include goes upward, and an internal header stays in its folder. OpenCL's headers reach no
# folder that says it does without them, not even through others. The files of image sets
# stand in the line that data/images.h draws.
set -euo pipefail
cd "$SOURCE/libcore"

# includes FILES...: "FILE FOLDER INCLUDED FOLDER-OF-IT", a line an include of our own.
includes() {
    awk -F'"' '/^#include "/ {
        from = FILENAME; sub(/\/[^\/]*$/, "", from)
        to = $2; if (!sub(/\/[^\/]*$/, "", to)) to = "."
        print FILENAME, from, $2, to
    }' "$@"
}

# The rows of the table as "FOLDER KNOWN...".
table() {
    awk -F' *[|] *' '/^[|] folder/ { inside = 1; getline; next }
                     inside && !/^[|]/ { exit }
                     inside { print $2, $4 }' README.md
}

mapfile -t files < <(find . -name '*.[ch]' | sed 's|^\./||' | LC_ALL=C sort)
[ "${#files[@]}" -ge 100 ] || { echo "only ${#files[@]} files were found" >&2; exit 1; }

{ table; echo; includes "${files[@]}"; } | awk '
    function wrong(text) { print text > "/dev/stderr"; bad = 1 }
    !NF { rows_end = 1; next }
    !rows_end {
        if ($1 in row) wrong("README.md: " $1 " has two rows")
        row[$1] = 1
        for (f = 2; f <= NF; f++) {
            if (!($f in row)) wrong("README.md: " $f " does not stand above " $1)
            known[$1, $f] = 1
        }
        next
    }
    {
        used[$2] = 1
        if (!($2 in row)) { wrong($1 ": README.md has no row for " $2); next }
        if ($2 == $4) next
        if (!(($2, $4) in known)) wrong($1 ": " $2 " may not know " $4 " (" $3 ")")
        else if ($3 ~ /_internal\.h$/) wrong($1 ": " $3 " is internal to " $4)
    }
    END {
        for (r in row) if (!(r in used)) wrong("README.md: there is no folder " r)
        exit bad
    }'

# Whoever includes what includes OpenCL sees it too: the way there is named.
mapfile -t without < <(sed -n 's/^OpenCL.s headers reach none of \(.*\)\.$/\1/p' README.md | tr -d '`,' | tr ' ' '\n')
[ "${#without[@]}" -ge 5 ] || { echo "README.md does not say who does without OpenCL" >&2; exit 1; }
{
    printf '%s\n' "${without[@]}" ""
    awk '/^#include <CL\// { print FILENAME, "", "CL" }' "${files[@]}"
    includes "${files[@]}"
} | awk '
    function way(file,   i, found) { # to OpenCL, "" where there is none
        if (file in ways) return ways[file]
        ways[file] = ""
        if (file in direct) return ways[file] = " > CL/cl.h"
        for (i = 1; i <= n[file]; i++)
            if ((found = way(to[file, i])) != "") return ways[file] = " > " to[file, i] found
        return ""
    }
    !NF { listed = 1; next }
    !listed { without[$1] = 1; next }
    { folder = $1; sub(/\/[^\/]*$/, "", folder); of[$1] = folder }
    NF == 2 { direct[$1] = 1; next }
    { to[$1, ++n[$1]] = $3 }
    END {
        for (file in of)
            if ((of[file] in without) && way(file) != "") {
                print file way(file) ": " of[file] " does without OpenCL" > "/dev/stderr"
                bad = 1
            }
        exit bad
    }'

# The line, "images_digest   what a set is known by" and so on.
mapfile -t line < <(sed -n 's/^ \*     \(images[a-z_]*\)  .*/\1/p' data/images.h)
mapfile -t there < <(cd data && printf '%s\n' images*.h | sed 's/\.h$//' | LC_ALL=C sort)
[ "$(printf '%s\n' "${line[@]}" | LC_ALL=C sort)" = "$(printf '%s\n' "${there[@]}")" ] ||
    { echo "data/images.h draws the line ${line[*]}, there are ${there[*]}" >&2; exit 1; }
{ printf '%s\n' "${line[@]}" ""; includes data/images*.[ch]; } | awk '
    !NF { drawn = 1; next }
    !drawn { place[$1] = NR; next }
    {
        from = $1; sub(/.*\//, "", from); sub(/\.[ch]$/, "", from)
        to = $3; sub(/.*\//, "", to); sub(/\.h$/, "", to)
        if (!(from in place)) { print $1 ": not in the line of data/images.h" > "/dev/stderr"; bad = 1 }
        if ((to in place) && place[to] > place[from]) {
            print $1 ": " to " stands behind " from " in the line of data/images.h" > "/dev/stderr"; bad = 1
        }
    }
    END { exit bad }'

# A key of a header has its name in one of these rooms and nowhere else.
if grep -nE '(->|\.)more, "|amkd_header_put\(' -r . --include='*.[ch]' |
    grep -vE '^\./(stream/|data/images_(header|index|refs|views)\.c|steps/select/noise\.c)'; then
    echo "these read or put a key of a header by its name: see stream/keys.h" >&2
    exit 1
fi

# What a layer is called is known to the kinds, and to the networks that have a name.
mapfile -t kinds < <(sed -nE 's/^ *\.name = "([a-z0-9]+)",$/\1/p; s/^ *\{KIND\("([a-z0-9]+)".*/\1/p' layers/*.c)
[ "${#kinds[@]}" -ge 9 ] || { echo "only ${#kinds[@]} kinds of layers were found" >&2; exit 1; }
pattern=$(IFS='|'; echo "\"(${kinds[*]})( [^\"]*)?\"")
if grep -nE "$pattern" -r ./graph ./net ./export ./sweep ./teacher ./steps ./serve ./report --include='*.[ch]' |
    grep -vE '^\./(graph/named|net/weight_names|steps/selftest/)' | grep -vE ':[0-9]+:#include|^[^:]*:[0-9]+: *(/\*|\*)'; then
    echo "these ask for a layer by its name: see the traits of layers/layer.h" >&2
    exit 1
fi
