#!/bin/sh
# The command line inside the container, as the server's user:  docker compose exec aniworld aniworld list
exec /usr/local/bin/entrypoint aniworld "$@"
