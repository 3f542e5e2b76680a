#!/bin/sh
# Container start: the server, or any command, as the user PUID:PGID. Never as root, unless ANIWORLD_ALLOW_ROOT=1.
#
#   entrypoint                 the server
#   entrypoint aniworld list   the command line
#   entrypoint COMMAND ...     anything else
#
# Begun as root (the image's default) it gives the instance folder to PUID:PGID and steps down for good. Begun as
# another user ("user:" in compose, --user) it changes nothing and needs no capability at all.
set -eu

refuse() {
    printf 'Aniworld does not start: %s\n' "$*" >&2
    exit 2
}

is_number() {
    case $1 in
        '' | *[!0-9]* | 0?* | ??????????*) return 1 ;;
    esac
}

# The image's own folders unless told otherwise; these names are the application's.
INSTANCE=${ANIWORLD_INSTANCE:-/instance}
LIBRARY=${ANIWORLD_LIBRARY:-/library}
BIND=${ANIWORLD_BIND:-0.0.0.0:5000}
export ANIWORLD_INSTANCE="$INSTANCE" ANIWORLD_LIBRARY="$LIBRARY" ANIWORLD_BIND="$BIND"

PUID=${PUID:-1000}
PGID=${PGID:-1000}
UMASK=${UMASK:-022}
is_number "$PUID" || refuse "PUID is a user's number such as 1000, not '$PUID'; see: id -u"
is_number "$PGID" || refuse "PGID is a group's number such as 1000, not '$PGID'; see: id -g"
case $UMASK in
    [0-7][0-7][0-7] | 0[0-7][0-7][0-7]) umask "$UMASK" ;;
    *) refuse "UMASK is three octal digits such as 022 or 002, not '$UMASK'" ;;
esac

# The folder of the application's own files belongs to its user. The library's files are never touched; only a library
# that is new (empty, and root's because the container engine made it) is handed over.
hand_over() {
    mkdir -p "$INSTANCE" || refuse "the instance folder $INSTANCE cannot be made; mount a folder there"
    if [ "$(stat -c %u:%g "$INSTANCE")" != "$PUID:$PGID" ]; then
        chown -R -h "$PUID:$PGID" "$INSTANCE" ||
            refuse "$INSTANCE cannot be given to $PUID:$PGID; on the host run: chown -R $PUID:$PGID on the mounted folder"
    fi
    if [ -d "$LIBRARY" ] && [ "$(stat -c %u "$LIBRARY")" = 0 ] && [ -z "$(ls -A "$LIBRARY")" ]; then
        chown "$PUID:$PGID" "$LIBRARY" || true
    fi
}

# Runs "$@" as the user that the server has.
stepped_down() {
    if [ "$(id -u)" != 0 ] || [ "$PUID" = 0 ]; then
        "$@"
    else
        setpriv --reuid "$PUID" --regid "$PGID" --clear-groups --inh-caps=-all --no-new-privs -- "$@"
    fi
}

check_folders() {
    stepped_down test -w "$INSTANCE/." ||
        refuse "user $1 may not write to $INSTANCE; on the host run: chown -R $1 on the mounted folder"
    stepped_down test -w "$LIBRARY/." ||
        printf 'Aniworld: user %s may not write to %s, so nothing can be downloaded; set PUID and PGID to the owner of your library\n' \
            "$1" "$LIBRARY" >&2
}

if [ "$(id -u)" = 0 ]; then
    [ "$PUID" != 0 ] || [ "${ANIWORLD_ALLOW_ROOT:-}" = 1 ] ||
        refuse "PUID=0 would run it as root; set PUID and PGID to a user's, or ANIWORLD_ALLOW_ROOT=1 if you really mean it"
    stepped_down true ||
        refuse "it cannot step down to $PUID:$PGID; allow the capabilities SETUID and SETGID, or start the container as that user"
    hand_over
    check_folders "$PUID:$PGID"
else
    check_folders "$(id -u):$(id -g)"
fi

case ${1:-serve} in
    serve) set -- gunicorn --no-control-socket -w 1 wsgi:app ;;
    aniworld) shift && set -- python -m aniworld "$@" ;;
esac

if [ "$(id -u)" != 0 ] || [ "$PUID" = 0 ]; then
    exec "$@"
fi
exec setpriv --reuid "$PUID" --regid "$PGID" --clear-groups --inh-caps=-all --no-new-privs -- "$@"
