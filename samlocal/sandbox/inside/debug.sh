#!/bin/sh
# debug.sh PROGRAM ARGUMENT…  starts a runtime's program under its debugger. As AWS_LAMBDA_EXEC_WRAPPER it gets the whole
# command line. The words to add stand one to a line in SAMLOCAL_DEBUG_BEFORE and SAMLOCAL_DEBUG_AFTER.
set -uf
_program=$1
shift
IFS='
'
# shellcheck disable=SC2086  # the words are a list
set -- $SAMLOCAL_DEBUG_BEFORE "$_program" $SAMLOCAL_DEBUG_AFTER "$@"

# The function sees its environment as its template set it.
_wrapper=${SAMLOCAL_DEBUG_WRAPPER:-}
unset IFS SAMLOCAL_DEBUG_BEFORE SAMLOCAL_DEBUG_AFTER SAMLOCAL_DEBUG_WRAPPER AWS_LAMBDA_EXEC_WRAPPER
if [ -n "$_wrapper" ]; then
    export AWS_LAMBDA_EXEC_WRAPPER="$_wrapper"
    set -- "$_wrapper" "$@"
fi
exec "$@"
