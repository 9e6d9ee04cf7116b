#!/bin/sh
# The entry point of every sandbox: entry.sh KIND HANDLER, or entry.sh image PROGRAM ARGUMENT… It puts the environment right and becomes the runtime.
set -u
kind=$1
handler=$2

# Docker sets these; Lambda does not.
unset HOME HOSTNAME

# Set where there may be extensions.
mark=${SAMLOCAL_MARK:-}
unset SAMLOCAL_MARK

# Becomes the runtime; where there are extensions, starts these and stays.
start() {
    if [ -n "$mark" ]; then
        for file in /opt/extensions/*; do
            # It does not come back.
            [ ! -f "$file" ] || . /.samlocal/extensions.sh
        done
        printf '%slaunching\n' "$mark"
    fi
    exec "$@" </dev/null
}

case $kind in
image)
    shift
    # As for Node below, where the image is made from AWS's.
    if [ -x /var/lang/bin/node ]; then
        NODE_OPTIONS="--require=/.samlocal/node_output.cjs${NODE_OPTIONS:+ $NODE_OPTIONS}"
        export NODE_OPTIONS
    fi
    # AWS's own script starts the debugger as its wrapper; another program has to be started by it.
    [ -z "${SAMLOCAL_DEBUG_BEFORE+set}" ] || [ "$1" = /lambda-entrypoint.sh ] || start /.samlocal/debug.sh "$@"
    start "$@"
    ;;
provided)
    # Where Lambda looks for the program of a `provided` function, in this order.
    for program in /var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap; do
        if [ -x "$program" ] && [ ! -d "$program" ]; then
            [ -z "${SAMLOCAL_DEBUG_BEFORE+set}" ] || start /.samlocal/debug.sh "$program"
            start "$program"
        fi
    done
    start /bin/sh -c 'exit 199'
    ;;
nodejs)
    # The module takes itself out of the variable again.
    NODE_OPTIONS="--require=/.samlocal/node_output.cjs${NODE_OPTIONS:+ $NODE_OPTIONS}"
    export NODE_OPTIONS
    ;;
esac

start /lambda-entrypoint.sh "$handler"
