import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import { BOTH, type Outage, outage } from './outage.js';
import type { OutageWorld, Reply } from './world.js';

/** Where each of them is put; none of them may be found anywhere else. */
const canaries = {
  'environment variable': 'canary-of-the-environment-7f3a',
  'probe payload': 'canary-of-the-probe-payload-2b6d',
  'AWS secret': 'canary-of-the-aws-secret-91be',
  'Redis password': 'canary-of-the-redis-password-c2d4',
  'metrics secret': 'canary-of-the-metrics-secret-55e0',
} as const;

/** Code is no secret, and large. */
const NOT_LOOKED_AT = ['artifact_chunks'];

/** Every row of every table, the queue's own included, as text. */
async function everyRow(world: OutageWorld): Promise<Map<string, string>> {
  const tables = await world.sql<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> ALL ($1)`,
    [NOT_LOOKED_AT],
  );
  const found = new Map<string, string>();
  for (const { name } of tables) {
    const rows = await world.sql<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
    found.set(`the table ${name}`, rows.map(({ text }) => text).join('\n'));
  }
  return found;
}

async function readKey(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return redis.dump(key);
  }
}

async function everyKey(redis: Redis): Promise<string> {
  const said: string[] = [];
  let cursor: string | number = '0';
  do {
    const [next, keys]: [string, string[]] = await redis.scan(cursor, 'COUNT', 500);
    for (const key of keys) said.push(key, JSON.stringify((await readKey(redis, key)) ?? ''));
    cursor = next;
  } while (cursor !== '0');
  return said.join('\n');
}

const nowhere = outage({
  fault: 'I21',
  title: 'secrets looked for in every row, key, log line and answer, while things go wrong',
  mustHold: ['I8', 'I9', 'I17', 'I21'],
  bounds: {
    'places that hold a secret': { most: 0, unit: 'places' },
    'places looked at': { most: 10_000, unit: 'places' },
  },
  engines: BOTH,
  async run(world) {
    const password = canaries['Redis password'];
    const redisUrl = world.redis.url.replace('//', `//:${password}@`);
    if (world.engine === 'redis') {
      await world.redis.stop();
      world.redis.configure(['--requirepass', password]);
      await world.redis.start();
    }
    const start = {
      ...(world.engine === 'redis' ? { redisUrl } : {}),
      environment: {
        AWS_ACCESS_KEY_ID: 'SLUICE-WORKER',
        AWS_SECRET_ACCESS_KEY: canaries['AWS secret'],
        SLUICE_METRICS_SECRET_TOKEN: canaries['metrics secret'],
        SLUICE_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
        SLUICE_LOG_LEVEL: 'debug',
      },
    };
    await world.startBoth(start);
    const places = new Map<string, string>();
    const answers: Reply[] = [];
    const look = async (when: string) => {
      for (const [name, text] of await everyRow(world)) places.set(`${name} (${when})`, text);
      if (world.engine === 'redis') {
        const redis = new Redis(redisUrl);
        places.set(`Redis (${when})`, await everyKey(redis).finally(() => redis.disconnect()));
      }
    };
    const [first, second] = [await world.target(), await world.target()];
    for (const target of [first, second]) await world.client.updateTarget(target, { probes: { safe: true } });
    const change = (target: string) => ({
      target,
      analysis: null,
      strategy: 'all-at-once',
      configuration: { environment: { TOKEN: canaries['environment variable'], OLD: null } },
      probes: { payloads: [{ card: canaries['probe payload'] }] },
    });
    // One waits in line with its values, one goes through, one meets a Lambda that fails.
    await world.lambda.fault({ kind: 'error', operation: 'UpdateFunctionConfiguration', function: first, count: 2 });
    const asked = [
      await world.post('/v1/deployments', change(first), 'secret-1'),
      await world.post('/v1/deployments', change(first), 'secret-2'),
      await world.post('/v1/deployments', change(second), 'secret-3'),
    ];
    await look('while they wait');
    for (const { body } of asked) await world.untilPhase(String(body['id']), 'succeeded', 40_000);
    const events = await world.ask('GET', `/v1/deployments/${asked[2]?.body['id']}/events`);
    if (!JSON.stringify(events.body).includes('"Probed"'))
      throw new Error('No probe was sent; the outage proves nothing.');
    const held = await world.lambda.reading(second, '2');
    if (held?.Environment?.Variables?.['TOKEN'] !== canaries['environment variable']) {
      throw new Error('The variable never reached Lambda; the outage proves nothing.');
    }
    // Bad input that holds a secret, and everything an answer may be made of.
    const wrong = { ...change(first), strategy: 'yolo', nonsense: canaries['environment variable'] };
    answers.push(...asked, await world.ask('POST', '/v1/deployments', wrong));
    answers.push(await world.ask('POST', '/v1/deployments', change(first), { 'idempotency-key': 'secret-3' }));
    const pages = ['/v1/deployments', '/v1/targets', '/metrics', '/ready', '/v1/doctor', '/openapi.json', '/'];
    for (const { body } of asked) pages.push(`/v1/deployments/${body['id']}`, `/v1/deployments/${body['id']}/events`);
    for (const page of pages) answers.push(await world.ask('GET', page));
    if (world.engine === 'redis') {
      await world.redis.kill();
      await systemClock.sleep(2_000);
      answers.push(await world.ask('GET', '/ready'), await world.post('/v1/deployments', change(second)));
      await world.redis.start();
    }
    await look('in the end');
    for (const [index, { body, headers }] of answers.entries()) {
      places.set(`answer ${index}`, JSON.stringify([body, [...headers]]));
    }
    for (const { name, output } of world.programs) places.set(`the log of ${name}`, output);
    const leaks = [...places].flatMap(([place, text]) =>
      Object.entries(canaries).flatMap(([name, canary]) => (text.includes(canary) ? [`${name} in ${place}`] : [])),
    );
    for (const line of leaks) console.log(`       ${line}`);
    return { 'places that hold a secret': leaks.length, 'places looked at': places.size };
  },
});

export const secretOutages: readonly Outage[] = [nowhere];
