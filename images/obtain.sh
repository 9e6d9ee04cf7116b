#!/usr/bin/env bash
# obtain.sh IMAGE  makes sure that functions can run in one image: AWS's, or its stand-in where no registry is in reach.
# What the engine has already is taken, and no registry asked. Any bash will do, macOS's 3.2 too.
set -euo pipefail

# The engine asks the registry, so that its own proxies and mirrors count. "Pulling from" (Podman: "Copying") comes once
# the registry has answered.
answer_seconds=5
answered='Pulling from|Pulling fs|Copying|Getting image'

here=$(cd "$(dirname "$0")" && pwd)
say() { echo "images: $*" >&2; }

image=${1:-}
case "$image" in
python) tag=3.11 ;;
nodejs) tag=20 ;;
provided) tag=al2023 ;;
java) tag=17 ;;
*)
    say "which image: python, nodejs, provided or java?"
    exit 2
    ;;
esac
# The sample's functions are for x86_64.
aws=public.ecr.aws/lambda/$image:$tag-x86_64
stand_in=samlocal/lambda-$image:$tag

has() { docker image inspect "$1" >/dev/null 2>&1; }

can_make() { "$here/build.sh" --can; }

# A machine of another kind may be unable to run AWS's image for x86_64; its own stand-in runs anyway.
is_native() { [ "$(docker version --format '{{.Server.Arch}}' 2>/dev/null)" = amd64 ]; }

# pull SECONDS  pulls AWS's image, and gives up on a registry that has not answered by then.
pull() {
    local log pid status=0 end=$((SECONDS + $1))
    log=$(mktemp "${TMPDIR:-/tmp}/samlocal-pull.XXXXXX")
    docker pull --platform linux/amd64 "$aws" >"$log" 2>&1 </dev/null &
    pid=$!
    # shellcheck disable=SC2064  # as they are now
    trap "kill $pid 2>/dev/null; rm -f '$log'" EXIT
    while kill -0 "$pid" 2>/dev/null && ! grep -qE "$answered" "$log"; do
        if [ $SECONDS -ge "$end" ]; then
            kill "$pid" 2>/dev/null || true
            break
        fi
        sleep 0.1
    done
    wait "$pid" || status=$?
    [ $status -eq 0 ] || say "$aws cannot be pulled: $(tail -n 1 "$log" | grep . || echo "no answer within $1 s")"
    trap - EXIT
    rm -f "$log"
    return $status
}

"$here/engine.sh"
if has "$aws"; then
    say "$aws is there"
elif has "$stand_in"; then
    # Made anew where its recipe has changed; a tenth of a second otherwise.
    ! can_make || "$here/build.sh" "$image"
elif can_make; then
    { is_native && say "pulling $aws" && pull $answer_seconds; } || "$here/build.sh" "$image"
else
    say "pulling $aws"
    pull 60
fi
