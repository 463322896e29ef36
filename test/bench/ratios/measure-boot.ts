import { systemClock } from '#runtime';
import type { Reading } from './figures.js';
import type { BenchProcess } from './processes.js';
import type { BenchWorld, Options } from './world.js';

/** Memory settles within this time after a start. */
const SETTLE_MS = 3_000;

/** P20: how long API and worker take to be ready on a database that is up to date, and what they hold when idle. */
export async function measureBoot(world: BenchWorld, { queue, quick }: Options): Promise<Reading[]> {
  const house = await world.house(queue);
  try {
    // The first start makes the key and the queue's tables; what is measured is a restart.
    const first = await house.api();
    await first.end();
    const api = await timed(() => house.api());
    const worker = await timed(() => house.worker('http://127.0.0.1:9'));
    await systemClock.sleep(quick ? 500 : SETTLE_MS);
    const [apiMegabytes, workerMegabytes] = [api, worker].map(({ process }) => process.residentBytes() / 1e6);
    return [
      {
        id: 'P20 boot',
        value: Math.max(api.seconds, worker.seconds),
        note: `API ${api.seconds.toFixed(2)} s, worker ${worker.seconds.toFixed(2)} s`,
      },
      {
        id: 'P20 memory',
        value: Math.max(apiMegabytes ?? Number.NaN, workerMegabytes ?? Number.NaN),
        note: `API ${apiMegabytes?.toFixed(0)} MB, worker ${workerMegabytes?.toFixed(0)} MB`,
      },
    ];
  } finally {
    await house.close();
  }
}

async function timed(start: () => Promise<BenchProcess>): Promise<{ process: BenchProcess; seconds: number }> {
  const process = await start();
  return { process, seconds: (systemClock.monotonic() - process.startedAt) / 1000 };
}
