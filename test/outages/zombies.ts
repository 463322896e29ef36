import { systemClock } from '#runtime';
import { type Outage, outage } from './outage.js';
import type { Program } from './program.js';
import { allEndedAs, twoSteps } from './stories.js';
import type { OutageWorld } from './world.js';

/** Signals end no event loop; this one stands still on SIGUSR2 for as long as the outage says. */
const blocking = (ms: number) =>
  `data:text/javascript,${encodeURIComponent(
    `process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms}));`,
  )}`;

const ZOMBIE = 'THE-ZOMBIE';

/** A worker that stands still with a write on the wire while another one finishes; then it wakes up. */
const standingStill = (
  fault: 'F4' | 'F5',
  title: string,
  forMs: number,
  how: { stop(program: Program): void; wake(program: Program): void },
) =>
  outage({
    fault,
    title,
    mustHold: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18'],
    bounds: {
      'taken over by the other worker': { most: 10_000, unit: 'ms' },
      'writes of the zombie that took effect': { most: 0, unit: 'writes' },
    },
    engines: ['postgres', 'redis'],
    async run(world) {
      await world.startApi();
      const zombie = await world.startWorker({
        preload: [blocking(forMs)],
        environment: { AWS_ACCESS_KEY_ID: ZOMBIE, AWS_SECRET_ACCESS_KEY: 'a-secret' },
      });
      for (let made = 0; made < 3; made += 1) await world.deploy(await world.target(), { more: twoSteps });
      await world.until(
        'the first weight is written',
        30_000,
        async () => (await world.lambda.log('UpdateAlias')).length > 0,
      );
      how.stop(zombie);
      const since = systemClock.monotonic();
      const before = await moves(world);
      await world.startWorker();
      const start = systemClock.monotonic();
      await world.until('a rollout goes on', 30_000, async () => (await moves(world)) > before);
      const takenOver = systemClock.monotonic() - start;
      await allEndedAs(world, 'succeeded', '2', 60_000);
      await systemClock.sleep(Math.max(0, forMs - (systemClock.monotonic() - since)));
      const finished = systemClock.now();
      how.wake(zombie);
      // All rollouts have ended: whatever the zombie still writes is one too many.
      await systemClock.sleep(4_000);
      const late = (await world.lambda.log()).filter(
        ({ actor, at, operation, outcome }) =>
          actor === ZOMBIE && at >= finished && outcome === 'ok' && /^(Update|Publish)/.test(operation),
      );
      if (zombie.isOver) throw new Error('The worker ended although it only stood still.');
      return { 'taken over by the other worker': takenOver, 'writes of the zombie that took effect': late.length };
    },
  });

async function moves(world: OutageWorld): Promise<number> {
  const [row] = await world.sql<{ total: number }>('SELECT sum(sequence)::int AS total FROM deployments');
  return row?.total ?? 0;
}

const frozen = standingStill('F4', 'worker SIGSTOPped for 30 seconds, then woken', 30_000, {
  stop: (program) => program.signal('SIGSTOP'),
  wake: (program) => program.signal('SIGCONT'),
});

const blocked = standingStill('F5', 'event loop of a worker blocked for 15 seconds', 15_000, {
  stop: (program) => program.signal('SIGUSR2'),
  wake: () => undefined,
});

export const zombieOutages: readonly Outage[] = [frozen, blocked];
