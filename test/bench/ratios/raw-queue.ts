import pg from 'pg';
import { silentLogger, systemClock } from '#runtime';
import { bullConnection, chooseEngine, prepareEngine } from '../../../libs/queue/engine.js';
import { EngineQueue } from '../../../libs/queue/engine-queue.js';
import { EngineWorker } from '../../../libs/queue/engine-worker.js';

/**
 * What the queue and the database do without Sluice, in a process of its own that prints one number per second:
 * `drain`: jobs with an empty handler; `steps`: the least a fenced step can be: read the row, claim it, call a Lambda
 * that answers at once, record what happened, arm the next step; `hold`: takes one job and never gives it back.
 *
 *   node raw-queue.js drain|steps|hold <count> <database url> [redis url]
 */
const STEPS_EACH = 3;
const CONCURRENCY = 20;
/** As the worker's own settings are: whoever looks for stalled jobs keeps others from looking for so long. */
const LOCK_MS = 5_000;
const STALLED_MS = 2_000;

const [mode = '', count = '0', databaseUrl = '', redisUrl] = process.argv.slice(2);
const engine = chooseEngine({
  databaseUrl,
  redisUrl: redisUrl || undefined,
  prefix: `raw-${mode}`,
  logger: silentLogger,
});
await prepareEngine(engine);
const jobs = new EngineQueue('raw', bullConnection(engine, 'producer'));
await jobs.waitUntilReady();
const kept = { removeOnComplete: true, removeOnFail: true };
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });

interface Job {
  readonly id: number;
  readonly step: number;
}

/** Takes jobs until so many were handled; resolves to how many that was a second. */
function run(total: number, handle: (job: Job) => Promise<void>): Promise<number> {
  let done = 0;
  return new Promise((resolve, reject) => {
    const start = systemClock.monotonic();
    const worker = new EngineWorker(
      'raw',
      async (job) => {
        await handle(job.data as Job).catch(reject);
        done += 1;
        if (done === total) resolve((total / (systemClock.monotonic() - start)) * 1000);
      },
      {
        ...bullConnection(engine, 'worker'),
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
        removeOnComplete: { count: 0 },
      },
    );
    worker.on('error', () => undefined);
  });
}

async function addAll(total: number): Promise<void> {
  for (let from = 0; from < total; from += 500) {
    const page = Array.from({ length: Math.min(500, total - from) }, (_, index) => from + index);
    await jobs.addBulk(
      page.map((id) => ({ name: 'raw', data: { id, step: 0 }, opts: { ...kept, jobId: `r${id}-0` } })),
    );
  }
}

const CLAIM = `WITH moved AS (
    UPDATE raw_rollouts SET sequence = sequence + 1, lease_until = clock_timestamp() + interval '5 seconds'
    WHERE id = $1 AND sequence = $2 RETURNING id, sequence
  ) INSERT INTO raw_history (id, seq, type, data) SELECT id, sequence, 'Claimed', $3 FROM moved`;
const RECORD = `WITH moved AS (
    UPDATE raw_rollouts SET sequence = sequence + 1, lease_until = NULL, state = $3 WHERE id = $1 AND sequence = $2
    RETURNING id, sequence
  ) INSERT INTO raw_history (id, seq, type, data) SELECT id, sequence, 'Shifted', $3 FROM moved`;

async function step({ id, step: present }: Job): Promise<void> {
  const load = { name: 'load', text: 'SELECT sequence, state FROM raw_rollouts WHERE id = $1', values: [id] };
  const { rows } = await pool.query<{ sequence: number }>(load);
  const sequence = rows[0]?.sequence ?? 0;
  const data = JSON.stringify({ step: present, weight: 10 });
  await pool.query({ name: 'claim', text: CLAIM, values: [id, sequence, data] });
  await Promise.resolve('a Lambda that answers at once');
  await pool.query({ name: 'record', text: RECORD, values: [id, sequence + 1, data] });
  const next = present + 1;
  if (next < STEPS_EACH) await jobs.add('raw', { id, step: next }, { ...kept, jobId: `r${id}-${next}` });
}

if (mode === 'hold') {
  await run(1, () => {
    process.stdout.write('holding\n');
    return new Promise(() => undefined);
  });
}

const total = Number(count);
let perSecond: number;
if (mode === 'drain') {
  await addAll(total);
  perSecond = await run(total, async () => undefined);
} else {
  await pool.query(`CREATE TABLE raw_rollouts (id int PRIMARY KEY, sequence int NOT NULL, state jsonb NOT NULL, lease_until timestamptz);
    CREATE TABLE raw_history (id int, seq int, type text NOT NULL, data jsonb NOT NULL, PRIMARY KEY (id, seq))`);
  await pool.query(`INSERT INTO raw_rollouts SELECT n, 1, '{}' FROM generate_series(0, $1::int - 1) n`, [total]);
  await addAll(total);
  perSecond = await run(total * STEPS_EACH, step);
}
await jobs.close();
await pool.end();
process.stdout.write(`${JSON.stringify({ perSecond })}\n`);
process.exit(0);
