import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from './clock.js';
import { House } from './house.js';
import type { ObjectSource } from './lambda/s3-source.js';
import { HttpServer } from './wire/http.js';

export interface EmulatorOptions {
  /** The address to bind to; loopback unless told otherwise. */
  host?: string;
  /** 0 picks a free port. */
  port: number;
  /** Where functions and code are kept across restarts; without it, in a temporary folder that goes on closing. */
  dataDir?: string;
  region?: string;
  accountId?: string;
  /** Serve `/_emulator/`: see admin/admin-front.ts. */
  admin?: boolean;
  /** How long Pending and InProgress stay visible. */
  settleMs?: number;
  /** How long metrics take to appear. AWS's take about a minute. */
  metricsPublicationDelayMs?: number;
  /** The finest metrics period in seconds. AWS's is 60. */
  metricsPeriodSeconds?: number;
  /** Control-plane calls a second (AWS: 15). Without it, unlimited. */
  controlPlaneRatePerSecond?: number;
  /** Makes the draw of weighted aliases repeatable. */
  seed?: number;
  s3?: ObjectSource;
  /** Secrets by access key id: when given, only these are let in and signatures are verified. */
  credentials?: Record<string, string>;
  /** Processes at most. */
  maxEnvironments?: number;
  /** Pauses before the retries of asynchronous invocations (AWS: one minute, two minutes). */
  asyncRetryDelaysMs?: number[];
  /** The account's limit of concurrent executions. */
  concurrentExecutions?: number;
  clock?: Clock;
}

export interface Emulator {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Starts an emulator; everything it needs lives and ends with it. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const host = options.host ?? '127.0.0.1';
  const temporary = options.dataDir === undefined;
  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-emulator-'));
  const house = new House(options, folder);
  const server = new HttpServer((request) => house.answer(request));
  const port = await server.listen(host, options.port);
  const everywhere = host === '0.0.0.0' || host === '::';
  const url = `http://${everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
  house.open(url);
  return {
    url,
    port,
    close: async () => {
      await server.close();
      house.close();
      if (temporary) rmSync(folder, { recursive: true, force: true });
    },
  };
}
