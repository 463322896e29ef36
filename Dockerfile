# syntax=docker/dockerfile:1
# One image for the API, the worker and the emulator; the command chooses. Build and trim are scripts that also run
# outside Docker (CI runs them in an empty folder).

FROM node:22-bookworm-slim AS build
WORKDIR /sluice
COPY . .
RUN node scripts/image.mjs /image

# No shell, no package manager, no root.
FROM gcr.io/distroless/nodejs22-debian12:nonroot
WORKDIR /sluice
ENV NODE_ENV=production SLUICE_HOST=0.0.0.0 NODE_OPTIONS=--enable-source-maps
COPY --from=build --chown=root:root /image /sluice
# A volume mounted here belongs to the user below: the emulator keeps functions and their code in it.
COPY --from=build --chown=nonroot:nonroot /image/data /data
USER nonroot
EXPOSE 3000
CMD ["dist/apps/api/main.js"]
