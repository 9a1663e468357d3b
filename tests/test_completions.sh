#!/usr/bin/env bash
# What shells complete: every option of every tool, its choices, files where it takes one, and
# the parameters of amkd-distill.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/here"
cd "$dir/here" # where only what is to be completed lies
completions=$BUILD/tools/completions

fail() { echo "FAILED: $*" >&2; exit 1; }

mapfile -t tools < <(cd "$SOURCE/tools" && ls amkd-*.c amkd-*.sh | sed 's/\.[a-z]*$//')
mkdir folder 'a folder'
touch here.amkd 'two words.amkd'

# Rows of tool, long name, type, argument and the choices with spaces between.
for tool in "${tools[@]}"; do
    "$tool" --options >../rows || fail "$tool --options ended with $?"
    awk -F '\t' 'NF != 6 { exit 1 } { for (f = 1; f <= 6; f++) if ($f == "") exit 1 }' ../rows ||
        fail "$tool --options has lines that are not six fields: $(cat ../rows)"
    awk -F '\t' -v OFS='\t' -v tool="$tool" '{ gsub(", ", " ", $5); print tool, $2, $3, $4, $5 }' ../rows
done >../table
[ "$(wc -l <../table)" -gt 200 ] || fail "only $(wc -l <../table) options"

echo "# bash"
# The words before the cursor, as bash splits them.
in_bash() { # TOOL WORD...
    . "$completions/bash/$1"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _amkd || true # compopt is for a terminal
    [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
}
expect() { # EXPECTED WORD...: lines joined by |
    local expected=$1 got
    shift
    got=$(in_bash "$@" | sort | paste -sd '|')
    [ "$got" = "$expected" ] || fail "bash: '$*' completes to '$got', expected '$expected'"
}
for tool in "${tools[@]}"; do
    { in_bash "$tool" -- && in_bash "$tool" ''; } >../completed
    while IFS=$'\t' read -r name type; do
        case $type in
        flag) grep -qxe "--$name" ../completed || fail "bash: $tool --$name" ;;
        parameter) grep -qx "$name=" ../completed || fail "bash: $tool $name=" ;;
        word) grep -qx "$name" ../completed || fail "bash: $tool $name" ;;
        *) grep -qxe "--$name=" ../completed || fail "bash: $tool --$name=" ;;
        esac
    done < <(awk -F '\t' -v OFS='\t' -v tool="$tool" '$1 == tool { print $2, $3 }' ../table)
done
while IFS=$'\t' read -r tool name type _ choices; do
    [ "$choices" != - ] || continue
    words=("--$name" '')
    [ "$type" != parameter ] || words=("$name" '=')
    expect "$(tr ' ' '\n' <<<"$choices" | sort | paste -sd '|')" "$tool" "${words[@]}"
done <../table
expect 'adam|adamw' amkd-train --optimizer ad
expect 'adam|adamw' amkd-train --optimizer = ad
expect 'here.amkd' amkd-train -q --val here
expect 'two words.amkd' amkd-cat -i tw
expect 'a folder|folder' amkd-query --journal ''
expect '' amkd-train --batch ''
expect 'here.amkd' amkd-cat he
expect 'c1|c2' amkd-distill BY = c
expect 'here.amkd' amkd-distill IMAGES = h
expect compare amkd-distill compa

echo "# fish"
if command -v fish >/dev/null; then
    in_fish() { # LINE
        HOME=$dir fish -N -c "source $completions/fish/${1%% *}.fish; complete -C '$1'" | sed 's/\t.*//'
    }
    for tool in "${tools[@]}"; do
        in_fish "$tool --" | sort >../completed
        awk -F '\t' -v tool="$tool" '$1 == tool && $3 !~ /parameter|word/ {
            print "--" $2 }' ../table | sort >../wanted
        missing=$(comm -13 ../completed ../wanted)
        [ -z "$missing" ] || fail "fish: $tool does not complete $missing"
    done
    expect_fish() { # EXPECTED LINE
        local got
        got=$(in_fish "$2" | sort | paste -sd '|')
        [ "$got" = "$1" ] || fail "fish: '$2' completes to '$got', expected '$1'"
    }
    expect_fish 'adam|adamw' 'amkd-train --optimizer ad'
    expect_fish '' 'amkd-train --batch '
    expect_fish 'here.amkd' 'amkd-train -q --val here'
    expect_fish 'BY=c1|BY=c2' 'amkd-distill BY=c'
    expect_fish 'IMAGES=here.amkd' 'amkd-distill IMAGES=h'
    expect_fish compare 'amkd-distill compa'
else
    echo "not tested: fish is not installed"
fi

echo "# zsh"
if command -v zsh >/dev/null; then
    # What _arguments is told.
    for tool in "${tools[@]}"; do
        zsh -f -c 'words=($2); _arguments() { print -rl -- "$@" }
            _call_program() { shift; "$@" }; . $1' - "$completions/zsh/_amkd" "$tool" >../specs
        awk -F '\t' -v tool="$tool" '$1 == tool && $3 !~ /parameter|word/ { print $2 }' ../table |
            while read -r name; do
                grep -qE -- "^\*?--$name(=?\[)" ../specs || fail "zsh: $tool --$name"
            done
        grep -q "^#compdef.* $tool\( \|$\)" "$completions/zsh/_amkd" || fail "zsh: $tool"
    done
    # Lines that a terminal's Tab completes are written to a file in place of being run.
    cat >../keys.zsh <<'END'
zmodload zsh/zpty
zpty terminal zsh -f -i
zpty -w terminal "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
for line in "${@:2}"; do
    zpty -w -n terminal $line$'\t\x01print -r -- \x05 >>../lines\n'
done
zpty -w terminal exit
while zpty -r terminal; do :; done
END
    zsh -f ../keys.zsh "$completions/zsh" 'amkd-train --optimizer sg' 'amkd-train --sched' \
        'amkd-train -q --val her' 'amkd-distill BY=ent' 'amkd-distill IMAGES=her' \
        'amkd-distill TEACHER_O' >../terminal </dev/null
    printf '%s\n' 'amkd-train --optimizer sgd' 'amkd-train --schedule' \
        'amkd-train -q --val here.amkd' 'amkd-distill BY=entropy' 'amkd-distill IMAGES=here.amkd' \
        'amkd-distill TEACHER_OPTIONS' >../wanted
    sed 's/ *$//' ../lines | diff - ../wanted >../differences || fail "zsh (<): $(cat ../differences)"
else
    echo "not tested: zsh is not installed"
fi
