import type { FunctionAddress } from '#aws';
import { interpretAlias, isWatched, nextWakeAt, transition } from '#rollout';
import { UnreadableRow } from '#store';
import { aliasValueOf, aliasVanished } from './alias-facts.js';
import type { WorkerParts } from './parts.js';
import { inParallel } from './sweep.js';
import { READ_TIMEOUT_MS } from './turn.js';
import type { Wakes } from './wakes.js';

/** The share of an account's ordinary call budget that comparing rows with the real aliases may use. */
const BUDGET_SHARE = 0.25;
/**
 * How often turns are looked for, as a share of the round: a canary that has just joined the line gets its turn between
 * two rounds, and one whose turn comes a moment after a look does not wait for a whole round more.
 */
export const LOOK_SHARE = 0.2;
/** A page bounds what one statement locks. */
const PAGE = 500;
/** What a round takes while the worker is busy: steps come first, and the alias is seen by the next one too. */
const BUSY_PAGE = 50;
/** Comparisons under way at once: of many accounts, as those of one wait for their account's budget. */
const HANDS = 32;

/**
 * Compares live canaries with their real aliases, so that a change behind our back is seen while the weight holds and
 * not only at the next shift. Uses a quarter of each account's call budget: with n live canaries in an account, each has
 * its turn every n / 3 seconds, or every round where that is longer (at 12 calls a second; docs/performance.md).
 */
export class Reconciler {
  constructor(
    private readonly parts: WorkerParts,
    private readonly wakes: Wakes,
    private readonly options: {
      readonly everyMs: number;
      readonly callsPerSecond: number;
      /** With so many walks under way the worker is busy. */
      readonly busyAt?: number;
    },
  ) {}

  /** Ends when nothing is due any more, at the latest when the next round would begin. */
  async run(): Promise<void> {
    const { everyMs, callsPerSecond, busyAt = Number.POSITIVE_INFINITY } = this.options;
    const { clock, store } = this.parts;
    const spacingMs = 1000 / (callsPerSecond * BUDGET_SHARE);
    const endsAt = clock.monotonic() + everyMs;
    for (let taken = PAGE; taken === PAGE && clock.monotonic() < endsAt; ) {
      const page = this.wakes.underWay < busyAt ? PAGE : BUSY_PAGE;
      const ids = await store.deployments.takeForReconciling(
        everyMs * (1 - LOOK_SHARE),
        page,
        spacingMs,
        this.wakes.unreadable.keys(),
      );
      await inParallel(ids, HANDS, (id) => this.compareAlone(id, endsAt));
      taken = ids.length;
    }
  }

  /** What is wrong with one row is told by whoever walks it; the others are compared all the same. */
  private async compareAlone(deploymentId: string, endsAt: number): Promise<void> {
    await this.compare(deploymentId, endsAt).catch(async (error: unknown) => {
      if (error instanceof UnreadableRow && error.sequence !== undefined) {
        return this.wakes.leaveAlone(deploymentId, error.sequence, error.message);
      }
      this.parts.logger.warn(
        { deploymentId, error: String(error) },
        'A deployment could not be compared with its alias.',
      );
    });
  }

  private async compare(deploymentId: string, endsAt: number): Promise<void> {
    const { store, lambda, name } = this.parts;
    const row = await store.deployments.load(deploymentId);
    if (!row || !isWatched(row.state)) return;
    const { accountId, region, functionName, aliasName } = row.target;
    const fn = { accountId, region, functionName };
    if (!(await this.takeSlot(fn, endsAt))) return;
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
    if (recorded.kind === 'lost') return;
    // An alias that is gone ends its deployment, and the next in line waits for that.
    for (const woken of recorded.woken) this.parts.nudge(woken.deploymentId);
    await this.wakes.look(deploymentId);
  }

  /** Its next turn may be far away, so a busy budget is asked again until the round is over. */
  private async takeSlot(fn: FunctionAddress, endsAt: number): Promise<boolean> {
    const { budget, clock } = this.parts;
    for (;;) {
      const answer = await budget.take(fn, 'ordinary');
      if (answer.granted) return true;
      const waitMs = Math.max(50, answer.waitMs);
      if (clock.monotonic() + waitMs > endsAt) return false;
      await clock.sleep(waitMs);
    }
  }
}
