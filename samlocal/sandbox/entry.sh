#!/bin/sh
# The entry point of every sandbox: entry.sh KIND HANDLER. It puts the environment right and becomes the runtime.
set -u
kind=$1
handler=$2

# Docker sets these; Lambda does not.
unset HOME HOSTNAME

case $kind in
provided)
    # Where Lambda looks for the program of a `provided` function, in this order.
    for program in /var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap; do
        if [ -x "$program" ] && [ ! -d "$program" ]; then
            exec "$program"
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

exec /lambda-entrypoint.sh "$handler"
