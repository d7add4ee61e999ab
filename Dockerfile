# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /app
# better-sqlite3 comes with a prebuilt binary; where that can't be fetched it is compiled.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json esbuild.config.js LICENSE llms.txt ./
COPY src ./src
COPY openapi ./openapi
COPY migrations ./migrations
COPY docs ./docs
RUN npm run build \
  && npm prune --omit=dev \
  # Of better-sqlite3's sources, and of what compiling them leaves behind, only the binary is run.
  && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
  && find node_modules/better-sqlite3/build ! -type d ! -path '*/build/Release/better_sqlite3.node' -delete \
  && find node_modules -type d -empty -delete \
  # The image holds what the package does.
  && npm pack --ignore-scripts \
  && tar -xzf retell-emulator-*.tgz \
  && mkdir /data

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="retell-emulator" \
  org.opencontainers.image.description="An offline, stateful emulator of Retell AI's API" \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package ./
COPY --from=build --chown=node:node /data /data

# Who reaches the published port may steer; docs/access.md says how to require a token.
ENV NODE_ENV=production \
  RETELL_EMULATOR_HOST=0.0.0.0 \
  RETELL_EMULATOR_CONTROL=open \
  RETELL_EMULATOR_PORT=4010 \
  RETELL_EMULATOR_DATABASE=/data/emulator.sqlite
USER node
VOLUME /data
EXPOSE 4010
STOPSIGNAL SIGTERM
# No shell, no curl: Node asks. The short interval at the start makes it healthy within moments.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=250ms --retries=3 \
  CMD ["node", "-e", "const { RETELL_EMULATOR_PORT: port, RETELL_EMULATOR_TLS_CERT: cert } = process.env; const protocol = cert ? 'https' : 'http'; require(protocol).get({ port, host: '127.0.0.1', path: '/_emulator/ready', rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "dist/bin.js"]
