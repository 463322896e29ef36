import type { LambdaControl } from '#aws';
import { SEED_REVISION, SEED_WEIGHT_PERCENT } from './seed-live.js';

type Alias = Extract<Awaited<ReturnType<LambdaControl['getAlias']>>, { ok: true }>['value'];

/**
 * A Lambda that answers at once and knows every seeded alias: for measuring Sluice's own share of a step. It keeps the
 * fence, so that a write under a wrong token is refused here as well. What seeded rollouts never call is missing.
 */
export function createInstantLambda(): LambdaControl & { readonly writes: { at: number; account: string }[] } {
  const aliases = new Map<string, Alias>();
  const writes: { at: number; account: string }[] = [];
  const seeded: Alias = {
    version: '1',
    canary: { version: '2', weightPercent: SEED_WEIGHT_PERCENT },
    revisionId: SEED_REVISION,
    description: '',
    additional: 1,
  };
  let revisions = 0;
  const missing = (): never => {
    throw new Error('A seeded rollout is past this call.');
  };
  return {
    writes,
    getAlias: async (fn) => ({ ok: true, value: aliases.get(fn.functionName) ?? seeded }),
    async updateAlias(fn, _alias, wanted, fence) {
      const held = aliases.get(fn.functionName) ?? seeded;
      if (held.revisionId !== fence.revisionId) throw new Error(`A stale token was used on ${fn.functionName}.`);
      revisions += 1;
      const value = {
        ...wanted,
        revisionId: `revision-${revisions}`,
        description: '',
        additional: wanted.canary ? 1 : 0,
      };
      aliases.set(fn.functionName, value);
      writes.push({ at: performance.now(), account: fn.accountId });
      return { ok: true, value };
    },
    getFunction: missing,
    updateFunctionCode: missing,
    updateFunctionConfiguration: missing,
    publishVersion: missing,
    listVersions: missing,
    downloadCode: missing,
    close: () => undefined,
  };
}
