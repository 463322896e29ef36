import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { RunningWorker } from '../start.js';

export interface WorkerEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `/health`, `/ready` and `/metrics` of a worker process, for probes and for Prometheus. No key: the answers name no
 * deployment, and a worker knows no keys. It listens only where `SLUICE_WORKER_PORT` says so.
 */
export async function openWorkerEndpoint(
  where: { readonly host: string; readonly port: number },
  worker: Pick<RunningWorker, 'readiness'>,
  registry: Registry,
): Promise<WorkerEndpoint> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return say(response, 405, { status: 'only GET is answered' });
    answer(path, response).catch(() => say(response, 500, { status: 'The figures could not be read.' }));
  });
  async function answer(path: string | undefined, response: ServerResponse): Promise<void> {
    if (path === '/health') return say(response, 200, { status: 'ok' });
    if (path === '/ready') {
      const ready = await worker.readiness();
      return say(response, ready.status === 'ready' ? 200 : 503, ready);
    }
    if (path !== '/metrics') return say(response, 404, { status: 'There are /health, /ready and /metrics.' });
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where.port, where.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${where.host.includes(':') ? `[${where.host}]` : where.host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
