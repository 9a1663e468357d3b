# Completion of @tool@ in fish: of what it says of its own options (--options in amkd(7)).
set -l paths '^(FILE|MODEL|LABELS|IMAGES|DIR)'
@tool@ --options 2>/dev/null | while read -l -d \t letter name type argument choices help
    set -l given -c @tool@ -d "$help"
    set -l words
    test "$choices" = -; or set words (string split ', ' -- $choices)
    switch $type
        case parameter
            # Its words with the name before them; else the name alone, with files behind it.
            set -q words[1]; or set words ''
            complete $given -a "$name="(string join " $name=" -- $words)
            continue
        case word
            complete $given -n __fish_is_first_token -a $name
            continue
    end
    set given $given -l $name
    test $letter = -; or set given $given -s $letter
    if test $type = flag
        complete $given
    else if set -q words[1]
        complete $given -x -a "$words"
    else if string match -rq $paths -- $argument
        complete $given -r
    else
        complete $given -x
    end
end
