import type { CreateDeployment } from '#contracts';
import { systemClock } from '#runtime';
import type { OutageWorld } from './world.js';

/** Two weights, each held for a second: seven moments at which something can break. */
export const twoSteps: Partial<CreateDeployment> = {
  strategy: {
    type: 'steps',
    steps: [
      { weight: 10, bake: '1s' },
      { weight: 50, bake: '1s' },
    ],
  },
};

/** A canary that stays until somebody does something. */
export const staying: Partial<CreateDeployment> = {
  strategy: { type: 'canary', weightPercent: 10, bake: '1h' },
};

export interface Lateness {
  /** The longest that a live row was past its time and held by nobody, milliseconds. */
  stop(): Promise<number>;
}

/** Looks twenty times a second for rows that wait although their time has come. */
export function watchLateness(world: OutageWorld): Lateness {
  const stopped = new AbortController();
  let most = 0;
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      const [row] = await world.sql<{ late: number | null }>(
        `SELECT max(extract(epoch FROM clock_timestamp() - next_at) * 1000)::float8 AS late FROM deployments
         WHERE phase <> 'queued' AND ended_at IS NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())`,
      );
      most = Math.max(most, row?.late ?? 0);
      await systemClock.sleep(50, stopped.signal);
    }
  })();
  looking.catch(() => undefined);
  const stop = async () => {
    stopped.abort();
    await looking;
    return most;
  };
  world.atEnd(stop);
  return { stop };
}

/** Every deployment that was promised has ended as `phase`, and its alias has all traffic on `version`. */
export async function allEndedAs(world: OutageWorld, phase: string, version: string, withinMs = 40_000): Promise<void> {
  for (const { id, body } of world.promised) {
    await world.untilPhase(id, phase, withinMs);
    const alias = await world.lambda.alias(body.target);
    if (alias.version !== version || Object.keys(alias.weights).length > 0) {
      throw new Error(`${body.target} ended at ${JSON.stringify(alias)}, not at version ${version} alone.`);
    }
  }
}

/** Asks for a deployment: how long until a worker has begun with it. */
export async function untilBegun(world: OutageWorld, target: string): Promise<number> {
  const { id } = await world.deploy(target, { code: `// ${target}\n`, more: staying });
  const took = await world.until(
    `deployment ${id} has left the line`,
    20_000,
    async () => (await world.row(id)).phase !== 'queued',
  );
  // The probes that follow look at histories and versions: one that is being published would be half of each.
  await world.untilPhase(id, 'baking', 40_000);
  return took;
}

/** The value below which `share` of the others lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function expectSame(what: string, found: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`);
}
