#!/bin/sh
# The entry point of every sandbox: entry.sh KIND HANDLER, or entry.sh image PROGRAM ARGUMENT… It puts the environment
# right, and stays as the runtime's shell (supervisor.sh), which runs this once more to become the runtime.
# Its own names begin with an underscore, as none of a function's variables can: those are passed on as they are.
set -u

# What the engine sets and Lambda does not; shells set the last.
# shellcheck disable=SC2086  # the words are a list
unset ${SAMLOCAL_UNSET:-} SAMLOCAL_UNSET SHLVL

# Podman's API passes this limit on for root alone.
ulimit -n 1024 2>/dev/null || :

if [ -n "${SAMLOCAL_MARK:-}" ]; then
    # It does not come back.
    . /.samlocal/supervisor.sh
fi
if [ -n "${SAMLOCAL_RUNTIME:-}" ]; then
    printf '%sruntime %s\n' "$SAMLOCAL_RUNTIME" "$$"
    unset SAMLOCAL_RUNTIME
fi

_kind=$1
_handler=$2

case $_kind in
image)
    shift
    # As for Node below, where the image is made from AWS's.
    if [ -x /var/lang/bin/node ]; then
        NODE_OPTIONS="--require=/.samlocal/node_output.cjs${NODE_OPTIONS:+ $NODE_OPTIONS}"
        export NODE_OPTIONS
    fi
    # AWS's own script starts the debugger as its wrapper; another program has to be started by it.
    [ -z "${SAMLOCAL_DEBUG_BEFORE+set}" ] || [ "$1" = /lambda-entrypoint.sh ] || exec /.samlocal/debug.sh "$@" </dev/null
    exec "$@" </dev/null
    ;;
provided)
    # Where Lambda looks for the program of a `provided` function, in this order.
    for _program in /var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap; do
        if [ -x "$_program" ] && [ ! -d "$_program" ]; then
            [ -z "${SAMLOCAL_DEBUG_BEFORE+set}" ] || exec /.samlocal/debug.sh "$_program" </dev/null
            exec "$_program" </dev/null
        fi
    done
    exit 199
    ;;
nodejs)
    # The module takes itself out of the variable again.
    NODE_OPTIONS="--require=/.samlocal/node_output.cjs${NODE_OPTIONS:+ $NODE_OPTIONS}"
    export NODE_OPTIONS
    ;;
esac

exec /lambda-entrypoint.sh "$_handler" </dev/null
