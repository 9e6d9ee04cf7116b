#!/bin/sh
# The image's entry point, with the contract of AWS's: one argument, the handler; the runtime starts when a Runtime API is named.

if [ $# -ne 1 ]; then
    echo "lambda-entrypoint.sh takes one argument, the handler; it got $#" >&2
    exit 142
fi
export _HANDLER="$1"

if [ -z "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    echo "AWS_LAMBDA_RUNTIME_API is not set. AWS's image would start its emulator now; this stand-in has none." >&2
    exit 1
fi
exec /var/runtime/bootstrap
