# Completion of @tool@ in bash: of what it says of its own options (--options in amkd(7)).

# Completes a value: by its choices, else by files where it is a path.
_amkd_value() { # WORD ARGUMENT CHOICES
    if [ "$3" != - ]; then
        mapfile -t COMPREPLY < <(compgen -W "${3//,/}" -- "$1")
    elif [[ $2 =~ ^(FILE|MODEL|LABELS|IMAGES) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$1")
    elif [ "$2" = DIR ]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$1")
    else
        return
    fi
    [ "$3" != - ] || compopt -o filenames 2>/dev/null
}

_amkd() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} joined=''
    local letter name type argument choices help options=() words=()
    # "--by=c" is three words here.
    if [ "$word" = = ]; then
        word='' joined=1
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]} joined=1
    fi
    while IFS=$'\t' read -r letter name type argument choices help; do
        case $type in
        parameter)
            [ -z "$joined" ] || [ "$before" != "$name" ] || {
                _amkd_value "$word" "$argument" "$choices"
                return
            }
            words+=("$name=")
            ;;
        word) words+=("$name") ;;
        flag) options+=("--$name") ;;
        *)
            if [ "$before" = "--$name" ] || { [ "$before" = "-$letter" ] && [ "$letter" != - ] && [ -z "$joined" ]; }; then
                _amkd_value "$word" "$argument" "$choices"
                return
            fi
            options+=("--$name=")
            ;;
        esac
    done < <("${COMP_WORDS[0]/#\~\//$HOME/}" --options 2>/dev/null)
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$word"; compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
    fi
    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _amkd @tool@
