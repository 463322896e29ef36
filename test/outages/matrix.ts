import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where a fault is played when not here: a test file of this repository, or a room that still owes it. */
export type Elsewhere = { readonly coveredBy: string } | { readonly owedBy: string };

export interface Fault {
  readonly title: string;
  /** Left out for faults that are played here. */
  readonly elsewhere?: Elsewhere;
}

/** Everything Sluice is meant to survive. Each is played here, covered by the file that is named, or owed. */
export const faults: Readonly<Record<string, Fault>> = {
  F1: { title: 'worker killed at any point', elsewhere: { coveredBy: 'test/crash/main.ts' } },
  F2: { title: 'API killed between commit and answer' },
  F3: { title: 'API killed before the commit' },
  F4: { title: 'worker frozen and woken' },
  F5: { title: 'event loop blocked' },
  F6: { title: 'Redis flushed' },
  F7: { title: 'Redis killed' },
  F8: { title: 'Redis down for a minute' },
  F9: { title: 'Redis failover that loses a second' },
  F10: { title: 'Redis out of memory' },
  F11: { title: 'Redis with the wrong policy' },
  F12: { title: 'Postgres stops at once and comes back' },
  F13: { title: 'every database connection terminated' },
  F14: { title: 'connection pool exhausted' },
  F15: { title: 'Postgres slow' },
  F16: { title: 'disk of Postgres full' },
  F17: { title: 'Lambda throttles' },
  F18: { title: 'Lambda answers 500 and 503' },
  F19: { title: 'answer lost, effect applied' },
  F20: { title: 'answer lost, nothing applied' },
  F21: { title: 'update in progress, or failing to settle' },
  F22: { title: 'RevisionId out of date' },
  F23: { title: 'alias changed behind our back' },
  F24: { title: 'access revoked mid rollout' },
  F25: { title: 'credentials expire mid step' },
  F26: { title: 'jobs doubled, re-ordered, late' },
  F27: { title: 'two of everything' },
  F28: { title: 'clocks that are wrong' },
  F29: { title: 'metrics missing, late, slow' },
  F30: { title: 'rows, jobs and specs that cannot be read' },
  F31: { title: 'old and new Sluice together', elsewhere: { coveredBy: 'test/releases/releases.int.test.ts' } },
  F32: { title: 'SIGTERM during a step' },
  F33: { title: 'storm of webhooks', elsewhere: { owedBy: 'webhooks' } },
  F34: { title: 'notification endpoint hangs', elsewhere: { owedBy: 'notifications' } },
  I21: { title: 'secrets anywhere they do not belong' },
  F35: { title: '100,000 live rollouts, everything restarted' },
};

/** A file that is said to cover a fault has to be there. */
export function coverageProblem({ elsewhere }: Fault): string | undefined {
  if (!elsewhere || !('coveredBy' in elsewhere)) return undefined;
  const root = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url));
  return existsSync(`${root}${elsewhere.coveredBy}`) ? undefined : `${elsewhere.coveredBy} does not exist`;
}
