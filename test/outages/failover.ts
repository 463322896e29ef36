import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import { freePort, hasRedisServer, type RedisServer, startRedisServer } from '../world/redis-server.js';
import { type Outage, outage } from './outage.js';
import { allEndedAs, twoSteps, untilBegun, watchLateness } from './stories.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

const REARM_MS = SWEEP_SECONDS * 1_000 + 2_000;
const WHOLE = ['I1', 'I2', 'I3', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I15', 'I17', 'I18'] as const;
const missing = () => (hasRedisServer() ? undefined : 'There is no redis-server on the PATH.');

function adminOf(world: OutageWorld, url: string): Redis {
  const admin = new Redis(url);
  admin.on('error', () => undefined);
  world.atEnd(async () => admin.disconnect());
  return admin;
}

async function startOne(world: OutageWorld, flags: readonly string[], port: number): Promise<RedisServer> {
  const server = await startRedisServer(world.redis.folder, flags, port);
  world.atEnd(() => server.close());
  return server;
}

const promoted = outage({
  fault: 'F9',
  title: 'a replica is promoted that missed the last second',
  mustHold: WHOLE,
  bounds: {
    'work of the lost second begun': { most: REARM_MS, unit: 'ms' },
    'new work begun after the failover': { most: 5_000, unit: 'ms' },
    'longest overdue': { most: REARM_MS, unit: 'ms' },
  },
  engines: ['redis'],
  missing,
  async run(world) {
    const port = await freePort();
    const replica = ['--replicaof', '127.0.0.1', String(world.redis.port), '--dbfilename', `replica-${port}.rdb`];
    const second = await startOne(world, replica, port);
    const admin = adminOf(world, second.url);
    await world.until('the replica follows', 20_000, async () =>
      (await admin.info('replication')).includes('master_link_status:up'),
    );
    const proxy = await world.proxyTo(world.redis.port);
    await world.startBoth({ redisUrl: proxy.through(world.redis.url) });
    const lateness = watchLateness(world);
    for (let made = 0; made < 3; made += 1) await world.deploy(await world.target(), { more: twoSteps });
    await world.untilPhase(world.promised[0]?.id ?? '', 'baking');
    // From here on the replica hears nothing: what is written now is lost with the primary.
    await admin.call('REPLICAOF', 'NO', 'ONE');
    const since = systemClock.monotonic();
    const lost = await world.deploy(await world.target(), { more: twoSteps });
    await systemClock.sleep(Math.max(0, 1_000 - (systemClock.monotonic() - since)));
    await world.redis.kill();
    proxy.upstreamPort = port;
    proxy.cut();
    const begunAgain = await world.until('the work of the lost second is begun', 20_000, async () => {
      return (await world.row(lost.id)).phase !== 'queued';
    });
    const begun = await untilBegun(world, await world.target());
    world.promised.pop();
    await allEndedAs(world, 'succeeded', '2');
    return {
      'work of the lost second begun': begunAgain,
      'new work begun after the failover': begun,
      'longest overdue': await lateness.stop(),
    };
  },
});

const SLOTS = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

interface Node {
  readonly port: number;
  readonly flags: readonly string[];
  readonly server: RedisServer;
  readonly admin: Redis;
}

async function startCluster(world: OutageWorld): Promise<Node[]> {
  const nodes: Node[] = [];
  const buses: number[] = [];
  for (const [from, to] of SLOTS) {
    const [port, bus] = [await freePort(), await freePort()];
    const flags = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000'];
    flags.push('--cluster-config-file', `nodes-${port}.conf`, '--dbfilename', `node-${port}.rdb`);
    flags.push('--cluster-announce-ip', '127.0.0.1', '--cluster-require-full-coverage', 'no');
    const server = await startOne(world, flags, port);
    const admin = adminOf(world, server.url);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    nodes.push({ port, flags, server, admin });
    buses.push(bus);
  }
  for (const [index, { port }] of nodes.entries()) {
    await nodes[0]?.admin.call('CLUSTER', 'MEET', '127.0.0.1', port, buses[index] ?? 0);
  }
  for (const { admin } of nodes) {
    await world.until('the cluster is one', 20_000, async () => {
      const info = String(await admin.call('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes('cluster_slots_assigned:16384');
    });
  }
  return nodes;
}

/** The node that holds every key of the queue: the braces of its prefix see to that. */
async function holderOf(nodes: readonly Node[]): Promise<Node> {
  const slot = Number(await nodes[0]?.admin.call('CLUSTER', 'KEYSLOT', '{sluice}'));
  const index = SLOTS.findIndex(([from, to]) => slot >= from && slot <= to);
  const holder = nodes[index];
  if (!holder) throw new Error(`Nobody holds slot ${slot}.`);
  return holder;
}

const cluster = outage({
  fault: 'F9',
  title: 'a Redis Cluster of three: every node flushed, then the one with the queue killed and back',
  mustHold: WHOLE,
  bounds: {
    'new work begun after the node is back': { most: 5_000, unit: 'ms' },
    'longest overdue': { most: REARM_MS, unit: 'ms' },
  },
  engines: ['redis'],
  missing,
  async run(world) {
    const nodes = await startCluster(world);
    await world.startBoth({ redisUrl: nodes.map(({ server }) => server.url).join(',') });
    const lateness = watchLateness(world);
    for (let made = 0; made < 2; made += 1) await world.deploy(await world.target(), { more: twoSteps });
    await world.untilPhase(world.promised[0]?.id ?? '', 'baking');
    for (const { admin } of nodes) await admin.flushall();
    const holder = await holderOf(nodes);
    await world.until('the queue is back on its node', 10_000, async () => (await holder.admin.dbsize()) > 0);
    process.kill(holder.server.pid, 'SIGKILL');
    await holder.server.close();
    await world.deploy(await world.target(), { more: twoSteps });
    await systemClock.sleep(3_000);
    await startOne(world, holder.flags, holder.port);
    const begun = await untilBegun(world, await world.target());
    world.promised.pop();
    await allEndedAs(world, 'succeeded', '2');
    return { 'new work begun after the node is back': begun, 'longest overdue': await lateness.stop() };
  },
});

export const failoverOutages: readonly Outage[] = [promoted, cluster];
