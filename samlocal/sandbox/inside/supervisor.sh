# Sourced by entry.sh: a shell that stays beside the runtime and its extensions, says when all that they wrote is there,
# and can start them anew in their container. "$@" is entry.sh's command line. This shell is the parent of all: a runtime that ends leaves its extensions
# the time to finish, and a shell that is there can say how each one ended.
# Its own names begin with an underscore, as none of a function's variables can: those are passed on as they are.
# Lines that start with $_mark are for samlocal; samlocal answers on standard input, and is gone when that ends.

_mark=$SAMLOCAL_MARK
_newline='
'
unset SAMLOCAL_MARK

tell() {
    printf '%s%s\n' "$_mark" "$*"
}

# Behind all that has been written to either stream so far.
tell_both() {
    tell "$1"
    tell "$1" >&4
}

# Why the system would refuse to run a file, in the words of Lambda; nothing for one it runs. A shell would run a file
# of any form as a script.
obstacle() {
    if [ ! -x "$1" ]; then
        echo "permission denied"
        return
    fi
    IFS= read -r _head <"$1"
    case $_head in
    '#!'*)
        _interpreter=${_head#??}
        _interpreter=${_interpreter#"${_interpreter%%[! ]*}"}
        [ -x "${_interpreter%% *}" ] || echo "no such file or directory"
        ;;
    ?ELF*) ;;
    *) echo "exec format error" ;;
    esac
}

# Its environment is the function's without what is the runtime's own (Lambda developer guide, "Extensions API").
run_extension() {
    unset _HANDLER AWS_EXECUTION_ENV LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR
    unset AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME
    unset PWD OLDPWD
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
    } 2>&1 3<&- 4>&- | while IFS= read -r _line || [ -n "$_line" ]; do tell "log $1 $_line"; done 3<&- 4>&- &
}

# Starts the extensions; false where there are none.
start_extensions() {
    _found=
    for _file in /opt/extensions/*; do
        [ -e "$_file" ] || [ -L "$_file" ] || continue
        [ -d "$_file" ] || tell "extension ${_file##*/}"
        [ ! -f "$_file" ] || _found=yes
    done
    tell launching
    [ -n "$_found" ] || return 1
    _number=0
    for _file in /opt/extensions/*; do
        [ -d "$_file" ] && continue
        if [ "$_number" -eq 10 ]; then
            tell "refused $_number ErrTooManyExtensions"
            break
        fi
        _problem=$(obstacle "$_file")
        if [ -n "$_problem" ]; then
            tell "refused $_number fork/exec $_file: $_problem"
            break
        fi
        start_extension "$_number" "$_file"
        _number=$((_number + 1))
    done
}

# How often the kernel has killed for want of memory, in $_kills.
count_kills() {
    _kills=0
    for _file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
        [ -r "$_file" ] || continue
        while read -r _key _value; do
            [ "$_key" = oom_kill ] && _kills=$_value
        done <"$_file"
    done
}

# What samlocal says while the runtime runs: `flush NUMBER`, the number of a process that is to end, or `renew NUMBER`, the
# runtime's, whose end is then this one's too. Without samlocal there is nothing to stay for.
listen() {
    while read -r _word _number; do
        case $_word in
        flush) tell_both "flushed $_number" ;;
        renew)
            kill -KILL "$_number"
            exit 3
            ;;
        *) kill -TERM "$_word" ;;
        esac
    done
    kill -KILL "$$"
}

# Removes what is in a folder; false where something stays.
empty() {
    set -- "$1"/* "$1"/.[!.]* "$1"/..?*
    for _file; do
        if [ -e "$_file" ] || [ -L "$_file" ]; then
            # By no program and no library of the function's.
            (
                unset LD_LIBRARY_PATH LD_PRELOAD
                PATH=/usr/bin:/bin
                rm -rf -- "$@" || {
                    chmod -R u+rwx -- "$@"
                    rm -rf -- "$@"
                }
            )
            return
        fi
    done
}

# Makes the container what it was before the first start, or ends it: then a new one does.
renew() {
    # -1 is everybody but this shell and the engine's init, in a container; whoever has just been forked is met on
    # the next round, and one who cannot be ended in some hundred milliseconds is not waited for.
    [ "$$" -eq 1 ] || [ "$PPID" -eq 1 ] || exit 1
    _rounds=0
    while kill -KILL -1; do
        wait
        _rounds=$((_rounds + 1))
        [ "$_rounds" -lt 100000 ] || exit 1
    done
    # Code that is new on Lambda begins with an empty one.
    empty /tmp && empty /dev/shm || exit 1
    tell_both renewed
    # samlocal exchanges what is in the folders, and says which variables have changed: `unset NAME`, `set NAME VALUE`,
    # and `more NAME LINE` for each further line of a value.
    while IFS= read -r _line <&3 || exit 1; do
        _word=${_line%% *}
        _line=${_line#* }
        _name=${_line%% *}
        _value=${_line#* }
        case $_word in
        start) return ;;
        unset) unset "$_name" ;;
        set) export "$_name=$_value" ;;
        more) eval "export $_name=\"\$$_name\$_newline\$_value\"" ;;
        esac
    done
}

# What this shell says of a child's death is not for the log.
exec 3<&0 4>&2 </dev/null 2>/dev/null

while :; do
    count_kills
    _before=$_kills
    _word=
    if start_extensions; then
        # samlocal says when all have registered.
        read -r _word _ <&3 || exit 1
    fi
    if [ "$_word" != renew ]; then
        listen <&3 3<&- &
        _listener=$!
        # Not in the background, where a shell has its children ignore SIGINT.
        (
            SAMLOCAL_RUNTIME=$_mark
            export SAMLOCAL_RUNTIME
            exec /bin/sh /.samlocal/entry.sh "$@"
        ) 2>&4 3<&- 4>&-
        _status=$?
        count_kills
        tell "ended $_status $((_kills - _before))"
        wait "$_listener"
        [ "$?" -eq 3 ] || exit "$_status"
    fi
    renew
done
