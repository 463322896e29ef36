import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '#runtime';

export interface RedisFinding {
  readonly setting: string;
  readonly found: string;
  readonly sentence: string;
}

/** What in `INFO` would lose wake-ups silently. Losing them delays rollouts until the next sweep; it changes no outcome. */
export function judgeRedisInfo(info: string): RedisFinding[] {
  const facts = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]));
  const findings: RedisFinding[] = [];
  const policy = facts.get('maxmemory_policy')?.trim();
  if (policy && policy !== 'noeviction') {
    const sentence = 'REDIS WILL THROW AWAY WAKE-UPS when its memory is full: set maxmemory-policy to noeviction.';
    findings.push({ setting: 'maxmemory_policy', found: policy, sentence });
  }
  if (facts.get('aof_enabled')?.trim() === '0') {
    const sentence =
      'Redis forgets its latest wake-ups when it crashes; the sweep re-arms them. Set appendonly to yes to avoid the delay.';
    findings.push({ setting: 'aof_enabled', found: '0', sentence });
  }
  return findings;
}

/** Whatever the reason: out of memory, a replica that was not promoted, a disk that is full. */
const REFUSES: RedisFinding = {
  setting: 'writable',
  found: 'no',
  sentence: 'Redis refuses wake-ups; the sweep finds what is due, a little later.',
};
const PROBE_KEPT_MS = 10_000;

/** Whether this trouble is a matter of wake-ups lost or refused now, and not only of a delay after a crash. */
export function losesWakeUps({ setting }: Pick<RedisFinding, 'setting'>): boolean {
  return setting !== 'aof_enabled';
}

/**
 * Never rejects: a Redis that keeps its settings to itself has no findings. Whether it takes wake-ups is found by
 * writing one key: out of memory or as a replica it would still answer every read.
 */
export async function inspectRedis(client: Redis | Cluster, prefix: string): Promise<RedisFinding[]> {
  const findings = judgeRedisInfo(await client.info().catch(() => ''));
  const taken = await client.set(`${prefix}:probe`, '1', 'PX', PROBE_KEPT_MS).catch(() => undefined);
  return taken ? findings : [...findings, REFUSES];
}

/** Never rejects: a Redis that does not tell its settings is used as it is. */
export async function warnAboutRedis(client: Redis | Cluster, prefix: string, logger: Logger): Promise<void> {
  for (const { setting, found, sentence } of await inspectRedis(client, prefix)) {
    if (losesWakeUps({ setting })) logger.error({ setting, found }, sentence);
    else logger.warn({ setting, found }, sentence);
  }
}
