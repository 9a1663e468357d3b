#!/usr/bin/env bash
# amkd-distill does the same whatever the environment holds of the shell, of make and of names
# that its scripts use; and says that the budget is spent only where it is.
set -euo pipefail
. "$SOURCE/tests/command.sh"

perl -e 'print pack("N4", 0x803, 12, 6, 6), map { pack("n", $_) . "x" x 34 } 1 .. 12' \
    >real-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 12), map { chr($_ % 3) } 1 .. 12' >real-labels-idx1-ubyte
amkd-import -q -o real.amkd real-images-idx3-ubyte
amkd-train -q -a mlp --steps 1 -o teacher.safetensors real.amkd
cat >recipe.mk <<'MK'
IMAGES = real.amkd
TEACHER = model:teacher.safetensors
BUDGET = 17
ROUNDS = 1
POOL = 40
VIEWS = 2
ARCH = mlp
STEPS = 3
ASSISTANT =
NOISE = 0.5
DIVERSE = 1.5
HOLDOUT = 0.2
PATIENCE = 1
MK
amkd-distill -q --dir run recipe.mk >table
mv run plain

# same NAME=VALUE...: a run with these in its environment is the plain one.
same() {
    env "$@" amkd-distill recipe.mk -q --dir run >other 2>stderr || fail "$*: $(cat stderr)"
    [ ! -s stderr ] || fail "$*: $(cat stderr)"
    cmp plain/student.safetensors run/student.safetensors || fail "$*: another student"
    cmp plain/round-1/labels.amkd run/round-1/labels.amkd || fail "$*: other answers"
    [ "$(cat run/ended.txt)" = "$(cat plain/ended.txt)" ] || fail "$*: $(cat run/ended.txt)"
    cmp plain/parameters.txt run/parameters.txt || fail "$*: other parameters"
    rm -r run
}

same GNUMAKEFLAGS=-n
same MAKEFLAGS=n MFLAGS=-n MAKEOVERRIDES=BUDGET=13 MAKEFILES=recipe.mk MAKELEVEL=7
mkdir -p elsewhere/run
touch elsewhere/run/images.amkd
# Names of make's, of the parameters, and of what the scripts and the makefiles call theirs.
same VPATH=elsewhere GPATH=elsewhere RECIPE=none.mk BUDGET=13 ROUNDS=3 SEED=9 PLAN=1 LAST=0 \
    BOUGHT=none.amkd STORE=store QUIET=1 PICKS=1 POOLS=all HOLDOUT=0 DIR=elsewhere SHELL=false \
    value=1 assignments=1 recipe=none jobs=x plan=1 status=1 last=0 life=3 nclasses=7 watch=1 \
    AMKD_SHARE=elsewhere
# The shell's.
echo 'exit 9' >startup
same BASH_ENV="$PWD/startup" ENV="$PWD/startup" SHELLOPTS=noglob:xtrace:posix \
    BASHOPTS=failglob:nocasematch CDPATH="$PWD/elsewhere:/" GLOBIGNORE='*' TMOUT=1 \
    POSIXLY_CORRECT=1 BASH_COMPAT=3.2 EXECIGNORE='*/amkd-*' FUNCNEST=1 IFS=/ GREP_OPTIONS=-v
same 'BASH_FUNC_awk%%=() { echo 0
}' 'BASH_FUNC_amkd-query%%=() { :
}' 'BASH_FUNC_make%%=() { :
}'
# Options of the scripts' shells do not reach a teacher that is a script, too.
cat >script <<SH
#!/usr/bin/env bash
false
echo "\$unset" >/dev/null
exec perl "$SOURCE/tests/teacher.pl" honest
SH
chmod +x script
env SHELLOPTS=noglob BASHOPTS=failglob amkd-distill -q --dir script-run recipe.mk \
    TEACHER=exec:./script >other 2>stderr || fail "a script as the teacher: $(cat stderr)"

# Numbers with a comma, where such a locale can be made. (The C library keeps a few bytes of
# LOCPATH for good, which is no leak of the tools.)
if localedef -i de_DE -f UTF-8 "$PWD/de_DE.UTF-8" >/dev/null 2>&1; then
    same ASAN_OPTIONS=detect_leaks=0 LOCPATH="$PWD" LC_ALL=de_DE.UTF-8
    same ASAN_OPTIONS=detect_leaks=0 LOCPATH="$PWD" LC_NUMERIC=de_DE.UTF-8
else
    echo "not tested: a locale with a decimal comma (no localedef)" >&2
fi

# A comparison, too.
amkd-distill compare -q --dir plain-both recipe.mk TEST=real.amkd >table
env GNUMAKEFLAGS=-n POSIXLY_CORRECT=1 TMOUT=1 recipe=x arms=x SHELLOPTS=noglob \
    amkd-distill compare -q --dir both recipe.mk TEST=real.amkd >other
cmp table other || fail "another comparison"

# A make that does nothing, whatever the reason, has spent no budget.
mkdir idle
cat >idle/make <<SH
#!/bin/sh
case " \$* " in *" all "* | *" report-"*) exit 0 ;; esac
exec $(command -v make) "\$@"
SH
chmod +x idle/make
got=0
PATH=$PWD/idle:$PATH amkd-distill recipe.mk PATIENCE=0 --dir never >stdout 2>stderr || got=$?
[ $got = 1 ] || fail "a make that does nothing: exit status $got"
grep -qF 'round 1 is not complete' stderr || fail "a make that does nothing: $(cat stderr)"
[ ! -e never/ended.txt ] || fail "ended: $(cat never/ended.txt)"
