# syntax=docker/dockerfile:1
# Two stages: what builds stays behind. Nothing is installed whose hash is not in requirements.lock.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv /opt/jemputbola
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/jemputbola/bin/pip install --require-hashes --only-binary=:all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY indicators indicators
COPY conversations conversations
COPY storage storage
COPY bot bot
RUN /opt/jemputbola/bin/pip install --no-deps --no-build-isolation --no-index . \
    && /opt/jemputbola/bin/pip uninstall --yes setuptools wheel pip \
    && python -m compileall -q -j 0 /opt/jemputbola

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Jemput Bola" org.opencontainers.image.licenses="MIT"
RUN groupadd --system --gid 10001 jemputbola \
    && useradd --system --uid 10001 --gid jemputbola --home-dir /var/lib/jemputbola --no-create-home jemputbola \
    && install --directory --mode=0700 --owner=jemputbola --group=jemputbola /var/lib/jemputbola
COPY --from=build /opt/jemputbola /opt/jemputbola
# Whoever reaches the simulator can speak as anybody, so it is off. Everything that is kept lies below the volume.
ENV PATH=/opt/jemputbola/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    JEMPUTBOLA_SIMULATOR=false \
    JEMPUTBOLA_WEB_HOST=0.0.0.0 \
    JEMPUTBOLA_LOG_FORMAT=json
USER jemputbola
WORKDIR /var/lib/jemputbola
VOLUME /var/lib/jemputbola
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ.get('JEMPUTBOLA_WEB_PORT', '8000') + '/healthz', timeout=4)"]
ENTRYPOINT ["jemputbola"]
CMD ["run"]
