#!/usr/bin/env bash
# ShellCheck has nothing to warn of in the scripts that users run, nor an error in those that
# test. Variables of a script that is read by another are that one's, too.
set -euo pipefail
command -v shellcheck >/dev/null || { echo "shellcheck is not installed: skipped"; exit 77; }
cd "$SOURCE"

mapfile -t run < <(grep -lE '^#!.*bash' -r ci .ci datasets bench && ls tools/*.sh bench/studies/*.sh)
((${#run[@]} > 25)) || { echo "failed: only the scripts ${run[*]}"; exit 1; }
shellcheck -s bash -S warning -e SC2034,SC2154,SC2128,SC2178 "${run[@]}"
shellcheck -s bash -S error tests/*.sh
