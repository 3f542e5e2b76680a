# Aniworld in a container. Build:  docker build -t aniworld .      Run: see deploy/compose.yaml and docs/deployment.md
#
# The server never runs as root: the entrypoint steps down to PUID:PGID, and refuses PUID=0 unless ANIWORLD_ALLOW_ROOT=1.

FROM python:3.12-slim AS build
# YT_DLP: a newer yt-dlp than the pinned one, e.g. --build-arg YT_DLP=2026.11.20
ARG YT_DLP=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# A compiler, for machines that some parts have no wheels for. Debian keeps no old versions, so none is named.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential libffi-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt ./
# The image brings Debian's ffmpeg: the one that imageio-ffmpeg carries (80 MB) is left out.
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install -r requirements.txt ${YT_DLP:+"yt-dlp==$YT_DLP"} \
 && python -m pip --python /venv/bin/python uninstall -y imageio-ffmpeg
COPY wsgi.py gunicorn.conf.py ./
COPY migrations/ migrations/
COPY aniworld/ aniworld/
RUN if find aniworld -name '*.po' | grep -q .; then /venv/bin/pybabel --quiet compile -d aniworld/web/translations; fi \
 && /venv/bin/python -m compileall -q aniworld migrations wsgi.py

FROM python:3.12-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg tini \
 && rm -rf /var/lib/apt/lists/* \
 && python -m pip uninstall -y pip \
 && groupadd --gid 1000 aniworld \
 && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin aniworld \
 && install -d -m 0700 -o aniworld -g aniworld /instance \
 && install -d -m 0755 -o aniworld -g aniworld /library
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY --chmod=0755 deploy/entrypoint.sh /usr/local/bin/entrypoint
COPY --chmod=0755 deploy/aniworld.sh /usr/local/bin/aniworld
COPY --chmod=0644 deploy/healthcheck.py /usr/local/lib/aniworld/healthcheck.py
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    PUID=1000 \
    PGID=1000 \
    UMASK=022 \
    ANIWORLD_BIND=0.0.0.0:5000 \
    ANIWORLD_INSTANCE=/instance \
    ANIWORLD_LIBRARY=/library
# ANIWORLD_HOSTS is not set here, and must be wherever the server is reached by another name than localhost: a container
# does not know the names and addresses of the machine that it runs on, and a Host header that nobody named is refused.
VOLUME ["/instance", "/library"]
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-S", "/usr/local/lib/aniworld/healthcheck.py"]
# tini, because gunicorn as process 1 would take an orphan's exit code for one of its workers'.
ENTRYPOINT ["tini", "--", "/usr/local/bin/entrypoint"]
CMD ["serve"]
