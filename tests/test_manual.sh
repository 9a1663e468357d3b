#!/usr/bin/env bash
# What every tool says of itself: --help, --version, --options, and a man page that knows every
# option; and the pages that are of no tool.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

mapfile -t tools < <(cd "$SOURCE/tools" && ls amkd-*.c amkd-*.sh | sed 's/\.[a-z]*$//')
[ "${#tools[@]}" -ge 10 ] || fail "only the tools ${tools[*]}"
version=$(sed -n 's/^project(amkd VERSION \([0-9.]*\).*/\1/p' "$SOURCE/CMakeLists.txt")

for tool in "${tools[@]}"; do
    "$tool" --help >help 2>stderr || fail "$tool --help ended with $?"
    [ ! -s stderr ] || fail "$tool --help wrote to stderr: $(cat stderr)"
    head -1 help | grep -q "^Usage: $tool" || fail "$tool --help begins with $(head -1 help)"
    [ "$(wc -L <help)" -le 100 ] || fail "$tool --help is $(wc -L <help) columns wide"
    "$tool" --version >out 2>stderr || fail "$tool --version ended with $?"
    [ ! -s stderr ] || fail "$tool --version wrote to stderr: $(cat stderr)"
    head -1 out | grep -q "^$tool $version\b" || fail "$tool --version says $(cat out)"

    page=$SOURCE/tools/man/$tool.1
    [ -e "$page" ] || fail "$tool has no man page"
    "$tool" --options >options 2>stderr || fail "$tool --options ended with $?"
    [ ! -s stderr ] || fail "$tool --options wrote to stderr: $(cat stderr)"
    awk -F '\t' '$3 !~ /word|parameter/ { print $2 }' options | sort >listed
    sed -n 's/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p' help | sort | diff listed - >differences ||
        fail "$tool --options (<) and --help (>): $(cat differences)"
    [ "$(wc -l <listed)" -ge 4 ] || fail "$tool has the options $(cat listed)"
    while IFS=$'\t' read -r letter option type _ choices _; do
        case $option:$type in help:* | version:* | *:word | *:parameter) continue ;; esac
        grep -qE "^\.(It |Op )?Fl .*-$option( |\$)" "$page" ||
            fail "$tool.1 does not know --$option"
        [ "$letter" = - ] || grep -qE "^\.(It |Op )?Fl [A-Za-z]*$letter" "$page" ||
            fail "$tool.1 does not know -$letter"
        [ "$choices" != - ] || continue
        for word in ${choices//,/}; do
            grep -qE "^\.[A-Z].*[ (]$word( |\$)" "$page" ||
                fail "$tool.1 does not know $word of --$option"
        done
    done <options
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" EXAMPLES "SEE ALSO"; do
        grep -q "^\.Sh $section\$" "$page" || fail "$tool.1 has no section $section"
    done
    # And no option that is not there.
    { grep -E '^\.It Fl' "$page" | grep -oE ' -[a-z][a-z0-9-]+' || true; } | sort -u |
        while read -r option; do
            grep -qxe "${option#-}" listed || fail "$tool.1 speaks of -$option"
        done
done

# The page of amkd-distill has an entry for each parameter of a recipe, and for no other.
page=$SOURCE/tools/man/amkd-distill.1
amkd-distill --parameters | sed 's/=.*//' | sort >parameters
[ "$(wc -l <parameters)" -ge 40 ] || fail "only $(wc -l <parameters) parameters"
sed -n 's/^\.It Cm \([A-Z][A-Za-z_ ,]*\)$/\1/p' "$page" | tr -s ' ,' '\n' | sort >described
diff parameters described >differences ||
    fail "parameters (<) and amkd-distill.1 (>): $(cat differences)"

# Every kind of layer, among the architectures.
mapfile -t kinds < <(sed -n 's/^    \.name = "\([a-z0-9]*\)".*/\1/p; s/.*{KIND("\([a-z0-9]*\)".*/\1/p' \
    "$SOURCE"/libcore/layers/*.c)
[ "${#kinds[@]}" -ge 9 ] || fail "only the layers ${kinds[*]}"
for kind in "${kinds[@]}"; do
    grep -qE "^\.It Cm (.* )?$kind(\(| |\$)" "$SOURCE/tools/man/amkd-train.1" ||
        fail "amkd-train.1 does not know the layer $kind"
done

# The overview has every tool, and every variable of the environment that is asked for.
page=$SOURCE/tools/man/amkd.7
for tool in "${tools[@]}"; do
    grep -q "^\.It Xr $tool 1\$" "$page" || fail "amkd.7 does not know $tool"
done
mapfile -t variables < <(grep -rhoE 'getenv\("[A-Z_]+"\)' "$SOURCE"/libcore "$SOURCE"/tools |
    sed 's/.*"\(.*\)".*/\1/' | sort -u)
[ "${#variables[@]}" -ge 8 ] || fail "only the variables ${variables[*]}"
for variable in "${variables[@]}"; do
    grep -qE "^\.It Ev (.* )?$variable( |\$)" "$page" || fail "amkd.7 does not know $variable"
done

command -v mandoc >/dev/null || { echo "not tested: mandoc -T lint (no mandoc)"; exit 0; }
for page in "$SOURCE"/tools/man/*; do
    # Other pages are found only once they are installed.
    mandoc -T lint -W warning "$page" >lint 2>&1 || fail "$(cat lint)"
done
