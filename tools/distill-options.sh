#!/usr/bin/env bash
# Lists the options and the parameters of amkd-distill as TSV, for completions: see --options
# in amkd(7). The options are those of the help, which comes by stdin; the parameters those of
# distill-parameters.mk, their words in part those of other tools' options.
# Usage: distill-options.sh <HELP
set -euo pipefail
export LC_ALL=C
parameters=$(dirname "$0")/distill-parameters.mk

# From "  -j, --jobs=N      run N commands" to a row; the lines below are more of the help.
list_options() {
    awk -v OFS='\t' '
        function row() { if (name != "") print letter, name, type, argument, "-", help }
        /^  (-.,|   ) --/ {
            row()
            letter = /^  -/ ? substr($0, 4, 1) : "-"
            sub(/^  (-.,|   ) --/, "")
            name = $1; type = "flag"; argument = "-"
            if (split($1, words, "=") == 2) { name = words[1]; type = "text"; argument = words[2] }
            sub(/^[^ ]* */, ""); help = $0
            next
        }
        /^            / && name != "" { sub(/^ */, ""); help = help " " $0; next }
        { row(); name = "" }
        END { row() }'
}

# Its words, as the tool lists them.
words_of() { # TOOL--OPTION
    "${1%%--*}" --options | awk -F '\t' -v name="${1#*--}" '$2 == name { print $5 }'
}

# What the comment above a parameter says first.
help_of() { # NAME
    awk -v name="$1" '
        /^# / { text = told ? "" : text; told = 0; sub(/^# */, ""); text = text $0 " "; next }
        $1 == name && $2 == "=" { sub(/[.] .*| *$/, "", text); print text; exit }
        { told = 1 }' "$parameters"
}

list_parameters() {
    local name so trait argument words
    while read -r name so; do
        argument=VALUE words=-
        for trait in $so; do
            case $trait in
            path) argument=FILE ;;
            directory) argument=DIR ;;
            one-of=*) words=${trait#one-of=} words=${words//,/, } ;;
            like=*) words=$(words_of "${trait#like=}") ;;
            esac
        done
        printf -- '-\t%s\tparameter\t%s\t%s\t%s\n' "$name" "$argument" "$words" "$(help_of "$name")"
    done < <(make -rRs --no-print-directory -f "$parameters" RECIPE= table)
}

list_options
printf -- '-\tcompare\tword\t-\t-\trun several recipes and compare them\n'
list_parameters
