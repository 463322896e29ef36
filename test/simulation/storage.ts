import { chainHash } from '../../libs/store/deployments/row.js';
import { parseState } from '../../libs/store/rollout-state.js';
import type { MemoryDatabaseOptions } from './memory-database.js';

type Storage = Pick<MemoryDatabaseOptions, 'hash' | 'stored'>;

/** States are never changed in place, so they may be kept as they are; the chain only has to be a chain. */
export const calmly: Storage = { hash: (previous, seq) => `${seq}<${previous.length}`, stored: (value) => value };

/** As Postgres keeps it: through JSON and the schema that reads rows back, linked by the real hash. */
export const thorough: Storage = {
  hash: chainHash,
  stored: (value) => {
    const kept = JSON.parse(JSON.stringify(value)) as typeof value;
    const isState = typeof kept === 'object' && kept !== null && 'phase' in kept && 'plan' in kept;
    const readable = !isState || (kept as { plan: { deadlines?: unknown } }).plan.deadlines === undefined;
    return readable ? kept : (parseState(kept, 'simulated') as typeof value);
  },
};
