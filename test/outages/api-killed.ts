import { BOTH, type Outage, outage } from './outage.js';
import type { Program } from './program.js';
import type { TcpProxy } from './tcp-proxy.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

/** How each policy of a target ends its accept: one statement that names key and first event, or a transaction. */
const ACCEPTS: readonly {
  readonly policy: 'queue' | 'supersede';
  readonly marks: (key: string) => readonly string[];
}[] = [
  { policy: 'queue', marks: (key) => [key, '"Accepted"'] },
  { policy: 'supersede', marks: () => ['COMMIT'] },
];

/** Postgres says `ReadyForQuery, idle`: what came before is on disk. */
const COMMITTED = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** Kills the API when the chunk with all of `marks` is about to reach Postgres, or when Postgres has answered it. */
function killAt(
  proxy: TcpProxy,
  marks: readonly string[],
  when: 'before the commit' | 'after the commit',
  kill: () => void,
): void {
  let marked: object | undefined;
  proxy.tap = (chunk, from, way) => {
    if (from === 'client' && marks.every((mark) => chunk.includes(mark))) {
      marked = way;
      if (when === 'after the commit') return 'pass';
      kill();
      return 'swallow';
    }
    if (from === 'client' || way !== marked || !chunk.includes(COMMITTED)) return 'pass';
    kill();
    return 'swallow';
  };
}

type Accept = (typeof ACCEPTS)[number];
type When = Parameters<typeof killAt>[2];

/** The API with a tapped way to its database, started again after each time it was killed. */
class DoomedApi {
  private constructor(
    private readonly world: OutageWorld,
    private readonly proxy: TcpProxy,
    private api: Program,
  ) {}

  static async start(world: OutageWorld): Promise<DoomedApi> {
    const proxy = await world.proxyTo(world.postgres.port);
    return new DoomedApi(world, proxy, await world.startApi({ databaseUrl: proxy.through(world.database.url) }));
  }

  /** One accept during which it is killed. Returns what the client sent. */
  async killDuring({ policy, marks }: Accept, when: When) {
    const { world, proxy, api } = this;
    const key = `key-${policy}`;
    const body = await world.wish(await world.target(), { more: { policy } });
    killAt(proxy, marks(key), when, () => api.signal('SIGKILL'));
    const reply = await world.post('/v1/deployments', body, key);
    if (reply.status !== 0) throw new Error(`The API lived to answer ${reply.status}.`);
    await api.ended;
    proxy.tap = () => 'pass';
    return { body, key };
  }

  async startAgain(): Promise<void> {
    this.api = await this.world.startApi({ databaseUrl: this.proxy.through(this.world.database.url) });
  }
}

const count = async (world: OutageWorld): Promise<number> =>
  (await world.sql<{ n: number }>('SELECT count(*)::int AS n FROM deployments'))[0]?.n ?? Number.NaN;

const betweenCommitAndAnswer = outage({
  fault: 'F2',
  title: 'API killed between the commit and its answer; the client asks again with the same key',
  mustHold: ['I1', 'I8', 'I9', 'I10', 'I12', 'I13', 'I17'],
  bounds: {
    'requests until the client has its id': { most: 1, unit: 'requests' },
    'deployments made by two requests': { most: 1, unit: 'deployments' },
    'carried out once a worker runs': { most: (SWEEP_SECONDS + 5) * 1000, unit: 'ms' },
  },
  engines: BOTH,
  sample: 'postgres',
  async run(world) {
    const api = await DoomedApi.start(world);
    let made = 0;
    let requests = 1;
    let committed = { id: '', key: '' };
    for (const accept of ACCEPTS) {
      const before = await count(world);
      const { body, key } = await api.killDuring(accept, 'after the commit');
      if ((await count(world)) !== before + 1) throw new Error(`Nothing was committed (${accept.policy}).`);
      const [{ id } = { id: '' }] = await world.sql<{ id: string }>(
        'SELECT deployment_id AS id FROM idempotency_keys WHERE key = $1',
        [key],
      );
      committed = { id, key };
      await api.startAgain();
      const reply = await world.post('/v1/deployments', body, key);
      if (reply.status !== 202 || reply.body['id'] !== id) requests = Number.POSITIVE_INFINITY;
      const other = { ...body, message: 'other' };
      const refused = await world.ask('POST', '/v1/deployments', other, { 'idempotency-key': key });
      if (![409, 422].includes(refused.status)) throw new Error(`Another body under the key: ${refused.status}.`);
      made = Math.max(made, (await count(world)) - before);
    }
    await world.startWorker();
    return {
      'requests until the client has its id': requests,
      'deployments made by two requests': made,
      'carried out once a worker runs': await world.untilPhase(committed.id, 'succeeded'),
    };
  },
});

const beforeTheCommit = outage({
  fault: 'F3',
  title: 'API killed before the commit; the client asks again with the same key',
  mustHold: ['I1', 'I8', 'I9', 'I10', 'I17'],
  bounds: {
    'rows left behind': { most: 0, unit: 'rows' },
    'requests until the client has its id': { most: 1, unit: 'requests' },
  },
  engines: BOTH,
  async run(world) {
    const api = await DoomedApi.start(world);
    let left = 0;
    let requests = 1;
    for (const accept of ACCEPTS) {
      const before = await count(world);
      const { body, key } = await api.killDuring(accept, 'before the commit');
      const keys = await world.sql('SELECT key FROM idempotency_keys WHERE key = $1', [key]);
      left += (await count(world)) - before + keys.length;
      await api.startAgain();
      const reply = await world.post('/v1/deployments', body, key);
      if (reply.status !== 202) requests = Number.POSITIVE_INFINITY;
    }
    return { 'rows left behind': left, 'requests until the client has its id': requests };
  },
});

export const apiOutages: readonly Outage[] = [betweenCommitAndAnswer, beforeTheCommit];
