import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '#runtime';
import { openArtifactBytes, type ZipLimits } from '#sources';
import 'reflect-metadata';
import { apiModule } from './app.module.js';
import { ChangeHub } from './deployments/change-hub.js';
import { ProblemFilter } from './http/problem-filter.js';
import type { ApiParts } from './parts.js';
import { addHooks, createAdapter, serveAssets } from './server.js';
import { Metrics } from './service/metrics.js';

export { type BootstrapKey, DEFAULT_PROJECT, ensureBootstrapKey } from './keys/bootstrap-key.js';
export type { ApiParts } from './parts.js';

export interface RunningApi {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly port: number;
  /** Ends open streams, lets requests under way finish, and stops listening. */
  close(): Promise<void>;
}

/** Serves the API. The store must be migrated. Rejects with Node's own error (`EADDRINUSE` …) when it cannot listen. */
export async function startApi(
  config: Pick<Config, 'host' | 'port'> & Partial<Pick<Config, 'artifactBucket' | 'awsRegion' | 'awsEndpointUrl'>>,
  parts: ApiParts,
  options: { readonly zipLimits?: ZipLimits } = {},
): Promise<RunningApi> {
  const adapter = createAdapter(parts);
  const bytes = await openArtifactBytes(config, parts.store.artifacts);
  const app = await NestFactory.create<NestFastifyApplication>(apiModule(parts, bytes, options.zipLimits), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(parts.logger));
  const server = adapter.getInstance() as unknown as FastifyInstance;
  const hub = app.get(ChangeHub);
  addHooks(server, parts, app.get(Metrics), hub.closed);
  serveAssets(server);
  await hub.open();
  try {
    await app.listen(config.port, config.host);
  } catch (error) {
    hub.close();
    await app.close().catch(() => undefined);
    throw error;
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    async close() {
      hub.close();
      await app.close();
    },
  };
}
