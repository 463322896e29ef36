import { interpretAlias, isWatched, nextWakeAt, transition } from '#rollout';
import { aliasValueOf, aliasVanished } from './alias-facts.js';
import type { WorkerParts } from './parts.js';
import { inParallel } from './sweep.js';
import { READ_TIMEOUT_MS } from './turn.js';
import type { Wakes } from './wakes.js';

/** The share of the ordinary call budget that comparing rows with the real aliases may use. */
const BUDGET_SHARE = 0.25;

/**
 * Compares live canaries with their real aliases, so that a change behind our back is seen while the weight holds and
 * not only at the next shift. Uses what the call budget has to spare: with many rollouts each is looked at less often.
 */
export class Reconciler {
  constructor(
    private readonly parts: WorkerParts,
    private readonly wakes: Wakes,
    private readonly options: { readonly everyMs: number; readonly callsPerSecond: number },
  ) {}

  async run(): Promise<void> {
    const { everyMs, callsPerSecond } = this.options;
    const limit = Math.max(1, Math.floor((callsPerSecond * BUDGET_SHARE * everyMs) / 1000));
    const ids = await this.parts.store.deployments.takeForReconciling(everyMs * 0.9, limit);
    await inParallel(ids, 4, (id) => this.compare(id));
  }

  private async compare(deploymentId: string): Promise<void> {
    const { store, budget, lambda, name } = this.parts;
    const row = await store.deployments.load(deploymentId);
    if (!row || !isWatched(row.state)) return;
    const { accountId, region, functionName, aliasName } = row.target;
    const fn = { accountId, region, functionName };
    if (!(await budget.take(fn, 'ordinary')).granted) return;
    const alias = await lambda.getAlias(fn, aliasName, { timeoutMs: READ_TIMEOUT_MS });
    const at = row.readAt;
    let event: ReturnType<typeof interpretAlias>;
    if (alias.ok) {
      event = interpretAlias(row.state, { value: aliasValueOf(alias.value), revisionId: alias.value.revisionId }, at);
    } else if (alias.fault.code === 'not_found') {
      event = aliasVanished(row.target, at);
    }
    if (!event) return;
    const next = transition(row.state, event);
    if (next.kind !== 'moved') return;
    const recorded = await store.deployments.record(row, event, next.state, {
      actor: name,
      nextAt: nextWakeAt(next.state, at),
    });
    if (recorded.kind === 'recorded') await this.wakes.look(deploymentId);
  }
}
