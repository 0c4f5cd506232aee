# The one image of all workloads; a manifest names the command (docs/adr, "One image on Debian's own Python").
# The secrets are optional: tools/image passes the machine's package mirrors and certificates, and no layer keeps them.
# Who can reach a registry pins the base: --build-arg BASE=docker.io/library/debian@sha256:…
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS base
# A pinned base grows old: its packages are brought up to date before Python joins them.
RUN --mount=type=secret,id=apt_sources \
    --mount=type=secret,id=apt_conf \
    export APT_CONFIG=/run/secrets/apt_conf DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get upgrade -qq -y \
    && apt-get install -qq -y --no-install-recommends ca-certificates python3 \
    && groupadd --gid 10001 tradepost \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tradepost \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*

FROM base AS builder
RUN --mount=type=secret,id=apt_sources \
    --mount=type=secret,id=apt_conf \
    mkdir /build \
    && dpkg-query --show --showformat '${Package}\t${Version}\t${Architecture}\n' > /build/debian-packages \
    && export APT_CONFIG=/run/secrets/apt_conf DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -qq -y --no-install-recommends python3-pip
COPY requirements/runtime.txt requirements/image.txt /build/
# Environments without pip: the runtime has nothing to install with.
RUN --mount=type=secret,id=pip_conf \
    --mount=type=secret,id=ca_certificates \
    export PIP_CONFIG_FILE=/run/secrets/pip_conf PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    && for each in /app/venv=runtime /build/venv=image; do \
        python3 -m venv --without-pip "${each%=*}" \
        && python3 -m pip --python "${each%=*}/bin/python" install --quiet --no-compile --only-binary :all: \
            --require-hashes -r "/build/${each#*=}.txt" || exit 1; \
    done
WORKDIR /app
COPY . /app/
# Byte code that never asks for its source's time: nothing is compiled at a start, and the root file system is read-only.
RUN /build/venv/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --mc-type application \
        --output-file /build/python.json /app/venv/bin/python \
    && /app/venv/bin/python tools/image/sbom.py /build/python.json /build/debian-packages > /app/sbom.cdx.json \
    && rm -r tools/image requirements \
    && /app/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app \
    && chmod -R a+rX,go-w /app

FROM base
ARG VERSION=0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="tradepost" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /app /app
ENV PATH=/app/venv/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2
WORKDIR /app
USER 10001:10001
# On Fargate a bind mount takes its mode from here: /tmp is 1777.
VOLUME /tmp
EXPOSE 8080
CMD ["gunicorn", "-c", "python:shared.web.gunicorn", "services.gateway.app:create_app()"]
