import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutageWorld } from '../outages/world.js';

interface Question {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodSeconds: number;
}

export interface MetricsService {
  readonly origin: string;
  /** Functions whose canary fails three calls in ten; the others' fail none. */
  readonly bad: Set<string>;
}

/** What users experience, asked by function name in the path. Closed with the world. */
export async function openMetricsService(world: OutageWorld): Promise<MetricsService> {
  const bad = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { fromMs, toMs, periodSeconds } = JSON.parse(Buffer.concat(chunks).toString()) as Question;
      const errors = bad.has((request.url ?? '/').slice(1)) ? 150 : 0;
      const periods = [];
      for (let startMs = fromMs; startMs + periodSeconds * 1_000 <= toMs; startMs += periodSeconds * 1_000) {
        periods.push({ startMs, stable: { invocations: 4_500, errors: 0 }, canary: { invocations: 500, errors } });
      }
      response.setHeader('content-type', 'application/json');
      response.on('error', () => undefined);
      response.end(JSON.stringify({ periods }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bad };
}
