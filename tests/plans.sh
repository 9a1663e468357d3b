# shellcheck shell=bash
# What tests of finished runs share, which source this file.

# nothing_to_do COMMAND...: it makes a plan, and there is nothing in it.
nothing_to_do() { "$@" >left_to_do && [ ! -s left_to_do ]; }
