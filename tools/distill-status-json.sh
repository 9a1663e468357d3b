# The status of a run or a comparison as JSON, an object a line: read by distill-status.sh, whose
# variables this prints. What stands in it is in amkd-distill(1), "Status as JSON".

# Of a text, a string.
json_string() { # TEXT
    local text=$1
    text=${text//\\/\\\\} text=${text//\"/\\\"}
    text=${text//$'\n'/\\n} text=${text//$'\t'/\\t}
    printf '"%s"' "${text//[$'\1'-$'\37']/?}"
}

# Of a number, itself; of nothing, null.
json_number() { # NUMBER
    printf '%s' "${1:-null}"
}

# One command that runs, for the list of them.
json_command() { # DIRECTORY TOOL FILE SECONDS ANSWERS SECONDS_LEFT
    printf '{"in":%s,"tool":%s,"file":%s,"seconds":%.1f,"answers":%s,"seconds_left":%s}' \
        "$(json_string "${1##*/}")" "$(json_string "$2")" "$(json_string "$3")" "$4" \
        "$(json_number "$5")" "$(json_number "$6")"
}

# A round's figures, of read_rounds.
json_round() { # ROUND ANSWERS SECONDS
    printf '{"round":%d,"answers":%s,"assistant_success":%s,"accuracy":%s,"success":%s' "$1" \
        "$(json_number "$2")" "$(json_number "$assistant")" "$(json_number "$accuracy")" \
        "$(json_number "$success")"
    printf ',"held_out":%s,"seconds":%s}' "$(json_number "$agreement")" "$(json_number "$3")"
}

# state is a sentence: its first word, and what an end says behind it.
json_state() {
    local word=${state%%[ ;]*} end=null
    [ "$word" != ended ] || [ "$state" = ended ] || end=$(json_string "${state#ended }")
    printf '"dir":%s,"state":"%s","end":%s' "$(json_string "$dir")" "$word" "$end"
}

json_run() { # SECONDS_LEFT
    printf '{"version":1,"kind":"run",%s,"round":%d,"rounds":%d,"answers":%d,"budget":%d' \
        "$(json_state)" "$reached" "$(parameter ROUNDS)" "$answers" "$(parameter BUDGET)"
    printf ',"seconds_left":%s,"running":[%s],"figures":[%s]}\n' "$(json_number "$1")" \
        "$running" "$figures"
}

# A run of a comparison, of describe_run; state is another here.
json_arm() { # ARM SEED
    printf '{"arm":%s,"seed":%s,"dir":%s,"state":"%s","round":%s,"success":%s,"running":[%s]}' \
        "$(json_string "$1")" "$(json_number "$2")" "$(json_string "$dir")" "$kind" \
        "$(json_number "$round")" "$(json_number "$success")" "$running"
}

json_comparison() { # RUNS_DONE ANSWERS SECONDS SECONDS_LEFT
    printf '{"version":1,"kind":"comparison",%s,"done":%d,"answers":%d,"seconds":%.1f' \
        "$(json_state)" "$1" "$2" "$3"
    printf ',"seconds_left":%s,"runs":[%s]}\n' "$(json_number "$4")" "$listed"
}
