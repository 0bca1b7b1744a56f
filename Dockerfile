# One image for every role: `docker run IMAGE --roles gateway`; without --roles the whole of Parley, on its own PostgreSQL.

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --include=optional --no-audit --no-fund
COPY . .
RUN node bin/build.mjs && npm prune --omit=dev --no-audit --no-fund

FROM node:22-slim
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps PARLEY_DATA=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir /data /files && chown node:node /data /files
USER node
VOLUME /data
EXPOSE 4000
# The gateway's port; a process without it is asked on the port of its subgraphs (see docker-compose.yml).
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "dist/server/health-probe.js"]
ENTRYPOINT ["node", "dist/server/main.js"]
