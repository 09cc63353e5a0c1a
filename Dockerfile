# The image: docs/docker.md says how to build and run it.
#
# BASE is what the program runs on, BUILD_BASE what it is built on; both need the same version of Node.js, or the compiled
# code that is put into the image is not used. KIND says what BASE is: `slim` has a shell (npm is taken out of it),
# `distroless` has none (and so has no health check of its own: the orchestrator asks /healthz).
ARG BASE=node:24-bookworm-slim
ARG BUILD_BASE=node:24-bookworm-slim
ARG KIND=slim

FROM ${BUILD_BASE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY nodes/package.json nodes/
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.base.json tsconfig.server.json ./
COPY scripts/build.mjs scripts/bundle.mjs scripts/
COPY settings settings
COPY simulator simulator
COPY nodes nodes
COPY server server
COPY flows flows
RUN node scripts/build.mjs
COPY docker/build docker/build
# What runs, and nothing else, under /image: as it will be in the image.
RUN set -e; \
    node docker/build/prune-modules.mjs .; \
    node docker/build/sbom.mjs . sbom.json; \
    find dist nodes \( -name '*.d.ts' -o -name '*.map' -o -name '.tsbuildinfo' -o -name .built \) -delete; \
    mkdir -p /image/app/app/nodes /image/modules/app /image/folders/data /image/folders/flows; \
    cp -a package.json sbom.json dist flows /image/app/app/; \
    cp -a nodes/package.json nodes/LICENSE nodes/README.md nodes/dist nodes/examples nodes/resources /image/app/app/nodes/; \
    mv node_modules /image/modules/app/; \
    chmod -R u=rwX,go=rX /image/app /image/modules; \
    # Group 0 may write: OpenShift gives a process any user id, and group 0.
    chmod 0770 /image/folders/data; chmod 0755 /image/folders/flows

# Compiled code of this very program, made by running it: a third off each start, where /data is new as well.
FROM ${BUILD_BASE} AS warm
COPY --from=build /image/modules /
COPY --from=build /image/app /
COPY docker/build/warm.mjs /build/
RUN mkdir /compiled && chown 1000:1000 /compiled
USER 1000:1000
RUN node /build/warm.mjs /app /compiled

FROM build AS layers
COPY docker/healthcheck.sh /image/app/app/
COPY --from=warm /compiled /image/compiled/app/compiled
RUN chmod -R u=rwX,go=rX /image/app /image/compiled && \
    for part in modules compiled app folders; do node docker/build/stamp.mjs /image/$part; done

# npm and what comes with it is for building. git is for REDSTART_GIT_URL: without the third of it that is written in Perl,
# and without servers, and the package list is told so. The user `node` (1000) is the base's own.
FROM ${BASE} AS slim
RUN set -e; export DEBIAN_FRONTEND=noninteractive; \
    rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn* /usr/local/bin/docker-entrypoint.sh /usr/local/include/node; \
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends ca-certificates >/dev/null; \
    apt-get install -y -qq --no-install-recommends --download-only git openssh-client >/dev/null; \
    cd /var/cache/apt/archives; \
    rm -f perl*.deb libperl*.deb libgdbm*.deb liberror-perl*.deb git-man*.deb; \
    dpkg --force-depends --install *.deb >/dev/null 2>&1; \
    sed -i '/^Package: git$/,/^$/s/, \(perl\|liberror-perl\|git-man\)\( ([^)]*)\)\?//g' /var/lib/dpkg/status; \
    cd /usr/lib/git-core; \
    rm -rf git-daemon git-http-backend git-http-push git-http-fetch git-imap-send git-shell scalar git-instaweb git-subtree \
      git-add--interactive git-filter-branch git-cvs* git-svn git-p4 git-send-email git-archimport git-sh-i18n--envsubst \
      mergetools git-mergetool* /usr/bin/scalar /usr/bin/git-shell /usr/share/gitweb /usr/share/git-core/contrib; \
    apt-get clean; \
    rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/cache/ldconfig/* /var/log/* /var/lib/dpkg/*-old \
      /usr/share/doc/git* /usr/share/bash-completion; \
    git --version
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["bash", "/app/healthcheck.sh"]

FROM ${BASE} AS distroless

FROM ${KIND} AS final
# From what changes least to what changes most.
COPY --from=layers --chown=0:0 /image/modules /
COPY --from=layers --chown=0:0 /image/app /
COPY --from=layers --chown=0:0 /image/compiled /
COPY --from=layers --chown=1000:0 /image/folders /
# Distroless images of Node.js have it in /nodejs/bin.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/nodejs/bin \
    NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/compiled \
    HOME=/data \
    HOST=0.0.0.0 \
    REDSTART_DATA_DIR=/data \
    REDSTART_FLOWS_DIR=/flows \
    REDSTART_FLOWS_MODE=readonly \
    REDSTART_SECRETS_DIR=/run/secrets
# Not /data: a `.env` there would be read.
WORKDIR /app
VOLUME /data
EXPOSE 1880
USER 1000:0
# Node.js is process 1: it handles the signals itself, and starts no children that it would have to reap.
ENTRYPOINT ["node", "/app/dist/server/main.js"]
# Under the permission model of Node.js: the program starts itself again with the flags that its configuration asks for.
CMD ["serve", "--permission"]
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Redstart" \
      org.opencontainers.image.description="Secured automation appliance for Seqera Platform: Node-RED flows, hardened, from version control." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
