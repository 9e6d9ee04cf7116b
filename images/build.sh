#!/usr/bin/env bash
# build.sh [python|nodejs|provided|java]...  makes stand-ins for AWS's Lambda base images; without names, all of them.
# What exists already with the same content is left alone. The README beside this file says more.
# build.sh --can  tells by its exit status whether images can be made on this machine; where not, 3 is the script's.
set -euo pipefail

can_make() { [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
if [ "${1:-}" = --can ]; then
    can_make
    exit
fi
# macOS has a bash too old for the rest of this file.
[ "$(uname -s)" = Linux ] || { echo "images: making images needs Debian; elsewhere use AWS's own" >&2; exit 3; }

here=$(cd "$(dirname "$0")" && pwd)
declare -A tags=(
    [base]=samlocal/lambda-base:debian
    [python]=samlocal/lambda-python:3.11
    [nodejs]=samlocal/lambda-nodejs:20
    [provided]=samlocal/lambda-provided:al2023
    [java]=samlocal/lambda-java:17
)
lock=/run/samlocal-images.lock
work='' failed=''

seconds() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", to - from }'; }
say() { echo "images: $*" >&2; }

# step IMAGE WHAT COMMAND...  runs a program (not a function, or its failures would go unseen) and reports its time.
step() {
    local image=$1 what=$2 from=$EPOCHREALTIME
    shift 2
    if "$@" >"$work/$image.log" 2>&1 </dev/null; then
        say "$image: $what, $(seconds "$from")"
    else
        say "$image: FAILED: $what; its last lines:"
        tail -n 30 "$work/$image.log" >&2
        exit 1
    fi
}

# Everything that an image is made of: its recipe, its versions, and the base image's.
content() {
    local image=$1 prefix=${1^^}
    {
        uname -m
        if [ "$image" = base ]; then prefix=DEBIAN; else content base; fi
        grep "^$prefix" "$here/versions" || true
        cd "$here"
        find "$image" -type f | LC_ALL=C sort | xargs cat build.sh lambda-entrypoint.sh
    } | sha256sum | cut -d' ' -f1
}

exists() { [ "$(docker image inspect --format '{{index .Config.Labels "samlocal.content"}}' "${tags[$1]}" 2>/dev/null)" = "$(content "$1")" ]; }

without_existing() {
    local image
    for image in "$@"; do
        exists "$image" || echo "$image"
    done
}

clean_up() {
    trap - EXIT
    local pid image
    # Each job is a process group (set -m), so that its own children end with it.
    for pid in $(jobs -p); do kill -- "-$pid" 2>/dev/null || true; done
    wait 2>/dev/null  # bash would report each of them
    for image in "${!tags[@]}"; do docker rm --force "samlocal-build-$image-$$" >/dev/null 2>&1 || true; done
    rm -rf --one-file-system "$work"
}

# tag IMAGE ID  gives the image its name; the one that had it goes, unless a container or another image still needs it.
tag() {
    local old
    old=$(docker image inspect --format '{{.Id}}' "${tags[$1]}" 2>/dev/null || true)
    docker tag "$2" "${tags[$1]}"
    [ -z "$old" ] || docker rmi "$old" >/dev/null 2>&1 || true
}

make_base() {
    step base "Debian tree" "$here/base/tree" "$work/base"
    # shellcheck disable=SC2016  # the inner shell's dollars
    step base "import" bash -o pipefail -c 'tar --create --numeric-owner --directory "$1" --exclude "./dev/*" . |
        docker import --change "LABEL samlocal.content=$2" - >"$1.id"' - "$work/base" "$(content base)"
    tag base "$(cat "$work/base.id")"
    rm -rf --one-file-system "$work/base"
}

fetch() {
    local root=$work/$1
    mkdir -p "$root/var/runtime"
    [ ! -e "$here/$1/fetch" ] || step "$1" "downloads" "$here/$1/fetch" "$root"
    cp "$here/lambda-entrypoint.sh" "$root/"
    find "$here/$1" \( -name 'bootstrap*' -o -name 'index.mjs' \) -exec cp --target-directory "$root/var/runtime" {} +
    chmod -R u=rwX,go=rX "$root"
}

assemble() {
    local image=$1 container=samlocal-build-$1-$$ new
    local install="cd / && for script in /build/install; do [ ! -e \$script ] || \$script; done && rm -rf /build /tmp/*"
    mkdir "$work/$image/build"
    [ ! -e "$here/$image/install" ] || cp "$here/$image/install" "$work/$image/build/"
    cp -r "$work/apt/." "$work/$image/build/"

    # The host's network reaches the mirror where a bridge may not. Copying through the API works with an engine elsewhere, too.
    docker create --name "$container" --network host "${tags[base]}" sh -euc "$install" >/dev/null
    # shellcheck disable=SC2016
    step "$image" "copy" bash -o pipefail -c 'tar --create --owner=0 --group=0 --directory "$1" . | docker cp - "$2:/"' - "$work/$image" "$container"
    step "$image" "install" docker start --attach "$container"
    new=$(docker commit "${image_config[@]}" --change "LABEL samlocal.content=$(content "$image")" "$container")
    docker rm "$container" >/dev/null

    if ! docker run --rm --name "$container" --user 993:990 --read-only --tmpfs /tmp --network none --entrypoint /bin/sh "$new" \
        -euc "$(cat "$here/$image/check")" >"$work/$image.log" 2>&1; then
        say "$image: FAILED: the image does not pass $image/check:"
        tail -n 30 "$work/$image.log" >&2
        docker rmi "$new" >/dev/null
        exit 1
    fi
    tag "$image" "$new"
    say "$image: ${tags[$image]} is made"
}
image_config=(
    --change 'ENV LANG=en_US.UTF-8'
    --change 'ENV TZ=:/etc/localtime'
    --change 'ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin'
    --change 'ENV LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib'
    --change 'ENV LAMBDA_TASK_ROOT=/var/task'
    --change 'ENV LAMBDA_RUNTIME_DIR=/var/runtime'
    --change 'WORKDIR /var/task'
    --change 'ENTRYPOINT ["/lambda-entrypoint.sh"]'
    --change 'CMD []'
)

started=$EPOCHREALTIME
images=("$@")
[ $# -gt 0 ] || images=(python nodejs provided java)
for image in "${images[@]}"; do
    if ! [ -f "$here/$image/check" ]; then
        say "there is no image '$image'; there are python, nodejs, provided, java"
        exit 2
    fi
done

"$here/engine.sh"
readarray -t missing < <(without_existing "${images[@]}")
if [ ${#missing[@]} -eq 0 ]; then
    say "all there (${images[*]}), $(seconds "$started")"
    exit
fi
if ! can_make; then
    say "making images needs root on Debian; missing: ${missing[*]}"
    exit 3
fi

# Another build may have made them while this one waited.
exec 8>"$lock"
flock --nonblock 8 || { say "waiting for another build"; flock 8; }
readarray -t missing < <(without_existing "${missing[@]}")

set -m
work=$(mktemp -d "${TMPDIR:-/tmp}/samlocal-images.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
set -a
# shellcheck source=versions
. "$here/versions"
set +a

base_job=
exists base || { make_base & base_job=$!; }
declare -A jobs=()
for image in "${missing[@]}"; do
    fetch "$image" &
    jobs[$image]=$!
done
[ -z "$base_job" ] || wait "$base_job" || exit 1
"$here/base/apt-settings" "$work/apt"

# Node's compiler takes the longest; the others need not wait for it.
for image in provided python java nodejs; do
    [ -n "${jobs[$image]:-}" ] || continue
    wait "${jobs[$image]}" || { failed+=" $image"; unset "jobs[$image]"; continue; }
    assemble "$image" &
    jobs[$image]=$!
done
for image in "${!jobs[@]}"; do
    wait "${jobs[$image]}" || failed+=" $image"
done
[ -z "$failed" ] || { say "not made:$failed"; exit 1; }
say "made ${missing[*]}, $(seconds "$started")"
