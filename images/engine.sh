#!/usr/bin/env bash
# Makes sure that a Docker engine answers: uses the one that is there, else installs and starts Debian's.
# Exit status 3: there is none, and this machine is not one where this script would install or start one.
set -euo pipefail

deadline_seconds=60
log=/var/log/samlocal-dockerd.log
local_socket=unix:///var/run/docker.sock

say() { echo "engine: $*" >&2; }
fail() { say "$@"; exit 1; }

# The client follows DOCKER_HOST and the current Docker context by itself.
answers() { command -v docker >/dev/null && docker version >/dev/null 2>&1; }

# running NAME  prints the command lines of a program's processes. A killed process whose parent never reaps it stays in
# /proc as a zombie, but has no program file any more.
running() {
    local process name
    for process in /proc/[0-9]*; do
        name=
        read -r name 2>/dev/null <"$process/comm" || continue
        [ "$name" != "$1" ] || [ ! -e "$process/exe" ] || { tr '\0' ' ' <"$process/cmdline" && echo; } 2>/dev/null || continue
    done
}

# This machine's own engine, and the containerds: the engine's, and one that is a service of its own. Another engine,
# with files of its own, is nobody's concern here.
engine_runs() { [ -n "$(running dockerd | grep -v -e --pidfile)" ]; }
own_containerd_runs() { [ -n "$(running containerd | grep -F ' /var/run/docker/containerd/')" ]; }
other_containerd_runs() { [ -n "$(running containerd | grep -v 'containerd/containerd\.toml')" ]; }

debian_root() {
    [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && [ -r /etc/os-release ] && command -v apt-get >/dev/null &&
        grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

explain() {
    say "no Docker engine answers$(docker version 2>&1 >/dev/null | sed -n '$s/^/: /p')"
    case "$(uname -s)" in
    Darwin) say "install and start Docker Desktop, Colima (brew install colima docker; colima start), Podman or Finch" ;;
    *) say "install Docker Engine (Debian, Ubuntu: apt-get install docker.io), start it (systemctl start docker)," \
        "and let your user use it (usermod -aG docker $(id -un)); or run this script as root on Debian or Ubuntu" ;;
    esac
    exit 3
}

install_engine() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    local packages="docker.io iptables" output
    say "installing Debian's docker.io"
    output=$(apt-get update -qq 2>&1) || { tail -n 20 <<<"$output" >&2; fail "apt-get update failed"; }
    # From Debian 13 on the client is a package of its own.
    command -v docker >/dev/null || ! apt-cache show docker-cli >/dev/null 2>&1 || packages="$packages docker-cli"
    # shellcheck disable=SC2086
    output=$(apt-get install -y -qq --no-install-recommends $packages 2>&1) ||
        { tail -n 20 <<<"$output" >&2; fail "apt-get install $packages failed"; }
}

# A killed engine leaves pid files behind. Once their numbers belong to other processes dockerd takes those for itself and
# refuses to start, or waits in vain for a containerd that is gone.
remove_stale_files() {
    rm -f /var/run/docker.pid
    own_containerd_runs || rm -f /run/docker/containerd/*.pid /run/docker/containerd/*.sock*
    other_containerd_runs || rm -f /run/containerd/containerd.sock*
}

start_engine() {
    if engine_runs; then
        say "dockerd runs but does not answer yet"
    elif [ -d /run/systemd/system ]; then
        say "starting docker.service"
        systemctl start docker >&2
    else
        remove_stale_files
        say "starting dockerd, log in $log"
        # DOCKER_HOST is the client's; the lock (9) must not live as long as the engine does.
        env -u DOCKER_HOST setsid dockerd --host "$local_socket" >"$log" 2>&1 </dev/null 9>&- &
        engine_pid=$!
    fi
}

await_engine() {
    local end=$((SECONDS + deadline_seconds))
    until answers; do
        if [ -n "$engine_pid" ] && ! kill -0 "$engine_pid" 2>/dev/null; then
            quote_log
            fail "dockerd ended before it answered"
        elif [ $SECONDS -ge $end ]; then
            quote_log
            fail "the engine did not answer within $deadline_seconds s"
        fi
        sleep 0.2
    done
}

quote_log() {
    if [ -d /run/systemd/system ]; then
        journalctl --no-pager -n 20 -u docker >&2 || true
    elif [ -e "$log" ]; then
        say "the last lines of $log:"
        tail -n 20 "$log" >&2
    fi
}

! answers || exit 0
case "${DOCKER_HOST:-$local_socket}" in
unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
*) fail "nothing answers at DOCKER_HOST=$DOCKER_HOST: start the engine there, or unset DOCKER_HOST" ;;
esac
debian_root || explain

# Two callers must not start two engines.
exec 9>/run/samlocal-engine.lock
flock -w 300 9 || fail "another start of the engine holds /run/samlocal-engine.lock for 300 s"
! answers || exit 0

engine_pid=
{ command -v dockerd && command -v docker; } >/dev/null || install_engine
# Only the client may have been missing, and some packages start the engine.
if ! answers; then
    start_engine
    await_engine
fi
say "$(docker version --format 'Docker Engine {{.Server.Version}} answers')"
