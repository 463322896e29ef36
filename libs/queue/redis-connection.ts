import { Cluster, Redis, type RedisOptions } from 'ioredis';

/** One node: a single Redis. Several: the seeds of a Redis Cluster. */
export type RedisNodes = readonly [string, ...string[]];

/** Takes `redis://…` or `rediss://…`, several separated by commas for a cluster. The message never repeats the URL: it can hold a password. */
export function parseRedisNodes(redisUrl: string): RedisNodes {
  const [first, ...rest] = redisUrl.split(',').map((part) => part.trim());
  for (const url of [first ?? '', ...rest]) {
    if (!/^rediss?:$/.test(protocolOf(url)))
      throw new Error('REDIS_URL must be redis://host:port or rediss://host:port.');
  }
  return [first ?? '', ...rest];
}

function protocolOf(url: string): string {
  try {
    return new URL(url).protocol;
  } catch {
    return '';
  }
}

/** BullMQ closes the clients it makes itself and leaves those it was given open, so the caller must close this one. */
export function redisConnection(nodes: RedisNodes, role: 'producer' | 'worker'): Redis | Cluster {
  const patience =
    role === 'producer'
      ? // A producer must learn at once that there is no connection: the row in Postgres is already the truth.
        { maxRetriesPerRequest: 1, commandTimeout: 2_000 }
      : // A worker has nothing to do without its queue, so its blocking reads wait for as long as it takes.
        { maxRetriesPerRequest: null };
  const node = { connectTimeout: 5_000, keepAlive: 10_000, ...patience };
  const enableOfflineQueue = role === 'worker';
  const redisOptions = { ...node, ...credentialsOf(nodes[0]) };
  const client =
    nodes.length === 1
      ? new Redis(nodes[0], { ...node, enableOfflineQueue, retryStrategy: reconnectDelay })
      : new Cluster([...nodes], { clusterRetryStrategy: reconnectDelay, enableOfflineQueue, redisOptions });
  // BullMQ reports this client's errors from the moment it has it; until then ioredis would print them by itself.
  return client.on('error', () => undefined);
}

/** Attempts 50, 100, 150 … ms apart and never more than half a second: what is accepted meanwhile is left to the sweep. */
const reconnectDelay = (attempt: number) => Math.min(attempt * 50, 500);

/** Cluster seeds carry address only; user, password and TLS come from the first URL and hold for every node. */
function credentialsOf(url: string): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  const { username, password, protocol } = new URL(url);
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
