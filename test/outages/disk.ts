import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#runtime';
import { freePort } from '../world/redis-server.js';
import { type Outage, outage } from './outage.js';
import { BreakablePostgres, type Servers } from './servers.js';

/** Room for a cluster, its log and a few thousand rows. */
const DISK = '224m';

function mount(folder: string): string | undefined {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0711`, 'tmpfs', folder]);
  return mounted.status === 0 ? undefined : String(mounted.stderr ?? mounted.error ?? '').trim();
}

/** A small disk can be had by mounting one, and not everybody may. */
function cannotMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  const problem = mount(folder);
  if (problem === undefined) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  return problem === undefined ? undefined : `A small disk cannot be mounted here (needs root on Linux): ${problem}`;
}

/** A Postgres of its own on a small disk; the run's Redis. */
async function onSmallDisk(servers: Servers): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  const problem = mount(folder);
  if (problem !== undefined) throw new Error(problem);
  chmodSync(folder, 0o711);
  const postgres = new BreakablePostgres(folder, await freePort());
  await postgres.start();
  return {
    postgres,
    redis: servers.redis,
    heal: () => postgres.start(),
    async close() {
      await postgres.stop();
      spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes every byte that is left; returns what gives them back. */
function fill(folder: string): () => void {
  const path = join(folder, 'fill');
  const file = openSync(path, 'w');
  for (let size = 1 << 20; size >= 1024; ) {
    try {
      // A short write says that the disk is nearly full, an error that it is.
      if (writeSync(file, Buffer.alloc(size)) < size) size >>= 1;
    } catch {
      size >>= 1;
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

const full = outage({
  fault: 'F16',
  title: 'the disk of Postgres is full',
  mustHold: ['I1', 'I2', 'I3', 'I5', 'I7', 'I8', 'I9', 'I10', 'I12', 'I13', 'I17', 'I18'],
  bounds: {
    'clients refused, at least one (missing)': { most: 0, unit: 'clients' },
    'slowest answer while it is full': { most: 16_000, unit: 'ms' },
    'accepting again': { most: 10_000, unit: 'ms' },
    'putting the old version back': { most: 15_000, unit: 'ms' },
  },
  engines: ['postgres', 'redis'],
  missing: cannotMount,
  ownServers: onSmallDisk,
  async run(world) {
    const { api, worker } = await world.startBoth();
    const [held, asked] = [await world.target(), await world.target()];
    const strategy = { type: 'canary', weightPercent: 10, bake: '1h' } as const;
    const { id } = await world.deploy(held, { more: { strategy } });
    await world.untilPhase(id, 'baking');
    const body = { ...(await world.wish(asked)), message: 'x'.repeat(1_000), policy: 'supersede' };
    const free = fill(world.postgres.folder);
    let [slowest, refused] = [0, 0];
    let number = 0;
    // What lies in files that have room left is still taken; sooner or later one has to grow.
    for (; number < 3_000 && refused < 5; number += 1) {
      const reply = await world.post('/v1/deployments', body, `client-${number}`);
      slowest = Math.max(slowest, reply.ms);
      if (reply.status === 503) refused += 1;
      else if (reply.status !== 202) throw new Error(`Answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    }
    free();
    await world.postgres.start();
    const wellAt = systemClock.monotonic();
    const accepting = await world.until('a deployment is accepted', 30_000, async () => {
      return (await world.post('/v1/deployments', body, `client-${number - 1}`)).status === 202;
    });
    await world.until('the abort is accepted', 20_000, async () => {
      return (await world.post(`/v1/deployments/${id}/abort`, {})).status < 300;
    });
    await world.untilPhase(id, 'rolled_back');
    const back = systemClock.monotonic() - wellAt;
    if (api.isOver || worker.isOver) throw new Error('A process ended with its database.');
    for (const promised of world.promised) {
      await world.until(`${promised.id} has ended`, 60_000, async () => (await world.row(promised.id)).ended);
    }
    return {
      'clients refused, at least one (missing)': refused > 0 ? 0 : 1,
      'slowest answer while it is full': slowest,
      'accepting again': accepting,
      'putting the old version back': back,
    };
  },
});

export const diskOutages: readonly Outage[] = [full];
