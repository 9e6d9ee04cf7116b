# Sourced by entry.sh where there are extensions. "$@" is the runtime's command. This shell stays as the parent of all:
# a runtime that ends leaves its extensions the time to finish, and a shell that is there can say how each one ended.
# Lines that start with $mark are for samlocal; samlocal answers on standard input.

tell() {
    printf '%s%s\n' "$mark" "$*"
}

# Why the system would refuse to run a file, in the words of Lambda; nothing for one it runs. A shell would run a file
# of any form as a script.
obstacle() {
    if [ ! -x "$1" ]; then
        echo "permission denied"
        return
    fi
    IFS= read -r head <"$1"
    case $head in
    '#!'*)
        interpreter=${head#??}
        interpreter=${interpreter#"${interpreter%%[! ]*}"}
        [ -x "${interpreter%% *}" ] || echo "no such file or directory"
        ;;
    ?ELF*) ;;
    *) echo "exec format error" ;;
    esac
}

# Its environment is the function's without what is the runtime's own (Lambda developer guide, "Extensions API").
run_extension() {
    unset _HANDLER AWS_EXECUTION_ENV LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR
    unset AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME
    unset PWD OLDPWD SHLVL
    unset AWS_XRAY_CONTEXT_MISSING AWS_XRAY_DAEMON_ADDRESS _AWS_XRAY_DAEMON_ADDRESS _AWS_XRAY_DAEMON_PORT
    # What a debugger needs is the runtime's too (debug.sh).
    if [ -n "${SAMLOCAL_DEBUG_BEFORE+set}" ]; then
        AWS_LAMBDA_EXEC_WRAPPER=${SAMLOCAL_DEBUG_WRAPPER:-}
        [ -n "$AWS_LAMBDA_EXEC_WRAPPER" ] || unset AWS_LAMBDA_EXEC_WRAPPER
        unset SAMLOCAL_DEBUG_BEFORE SAMLOCAL_DEBUG_AFTER SAMLOCAL_DEBUG_WRAPPER
    fi
    exec "$1"
}

# Everything that an extension writes comes out as `log NUMBER LINE`, its end behind the last line.
start_extension() {
    {
        (run_extension "$2") </dev/null
        tell "exited $1 $?"
    } 2>&1 | while IFS= read -r line || [ -n "$line" ]; do tell "log $1 $line"; done &
}

for file in /opt/extensions/*; do
    [ -d "$file" ] || tell "extension ${file##*/}"
done
tell launching

number=0
for file in /opt/extensions/*; do
    [ -d "$file" ] && continue
    if [ "$number" -eq 10 ]; then
        tell "refused $number ErrTooManyExtensions"
        break
    fi
    problem=$(obstacle "$file")
    if [ -n "$problem" ]; then
        tell "refused $number fork/exec $file: $problem"
        break
    fi
    start_extension "$number" "$file"
    number=$((number + 1))
done

# samlocal says when all have registered. It is gone when there is nothing to read.
read -r _ || exit 1

# From now on it sends the numbers of processes that are to end, or asks for a word behind all that has been written.
exec 3<&0
(while read -r word; do
    case $word in
    flush)
        tell flushed
        tell flushed >&2
        ;;
    *) kill -TERM "$word" ;;
    esac
done) <&3 3<&- &

# Not in the background, where a shell has its children ignore SIGINT. What this shell says of a child's death is not for
# the log; a subshell takes the redirections that dash would make here.
exec 4>&2 2>/dev/null
# shellcheck disable=SC2016
(exec /bin/sh -c 'printf "%s\n" "$0runtime $$"; unset SHLVL; exec "$@"' "$mark" "$@") </dev/null 2>&4 3<&- 4>&-
status=$?

killed=0
for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "$file" ] || continue
    while read -r key value; do
        [ "$key" = oom_kill ] && killed=$value
    done <"$file"
done
tell "ended $status $killed"
wait
exit "$status"
