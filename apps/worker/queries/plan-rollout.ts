import { type Feasibility, feasibility } from '#analysis';
import type { FunctionAddress } from '#aws';
import { createPlan, type Plan, type PlanOptions, type StrategyInput } from '#rollout';
import type { TargetRow } from '#store';
import { measuringOf } from '../evidence.js';
import { policyOf } from '../judging.js';
import type { WorkerParts } from '../parts.js';
import { READ_TIMEOUT_MS } from '../turn.js';
import type { Refused } from './answer.js';
import { readTraffic, type Traffic } from './read-traffic.js';
import { summaryOf } from './summary.js';

export interface RolloutForecast {
  readonly target: string;
  readonly stableVersion: string;
  readonly traffic: Traffic;
  readonly strategy: string;
  readonly adaptive: boolean;
  /** The judge's profile that would decide. */
  readonly profile: string;
  /** Two plain sentences: the traffic, and what the strategy makes of it. */
  readonly summary: readonly string[];
  /** Budgeted Lambda calls the rollout will make: 2 + one per shift; `null` when the judge decides how many. */
  readonly lambdaCalls: number | null;
  readonly feasibility: Feasibility;
}

/** What a strategy can see at this target's traffic, before anything is started. Writes nothing. */
export async function forecastRollout(
  parts: WorkerParts,
  target: TargetRow,
  wish: { readonly strategy: StrategyInput } & PlanOptions,
): Promise<RolloutForecast | Refused> {
  const made = createPlan(wish.strategy, wish);
  if (!made.ok) return { refused: 'request_invalid', sentence: `${made.problem.path}: ${made.problem.message}` };
  const { accountId, region, functionName, aliasName } = target;
  const fn = { accountId, region, functionName };
  if (!(await takeSlot(parts, fn))) {
    return { refused: 'unavailable', sentence: 'The Lambda call budget is used up at the moment; ask again.' };
  }
  const alias = await parts.lambda.getAlias(fn, aliasName, { timeoutMs: READ_TIMEOUT_MS });
  if (!alias.ok) return { refused: 'unavailable', sentence: alias.fault.public };
  const traffic = await readTraffic(parts, target, alias.value.version, await parts.store.now());
  if (!traffic.ok) return { refused: 'unavailable', sentence: `The metrics could not be read: ${traffic.reason}` };
  const { plan } = made;
  const policy = policyOf(plan, measuringOf(parts, target).periodSeconds, null);
  const seen = feasibilityOf(parts, target, plan, traffic.value);
  return {
    target: target.name,
    stableVersion: alias.value.version,
    traffic: traffic.value,
    strategy: plan.strategy,
    adaptive: plan.adaptive === true,
    profile: policy.profile,
    summary: summaryOf(target.name, plan, traffic.value, seen, policy),
    lambdaCalls: plan.adaptive ? null : 3 + plan.steps.length,
    feasibility: seen,
  };
}

/** So often is the budget asked: a forecast may wait for seconds, but not behind a crowd of rollouts. */
const TRIES = 4;
const LONGEST_WAIT_MS = 500;

async function takeSlot(parts: WorkerParts, fn: FunctionAddress): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const answer = await parts.budget.take(fn, 'ordinary');
    if (answer.granted || tries === TRIES) return answer.granted;
    await parts.clock.sleep(Math.min(answer.waitMs, LONGEST_WAIT_MS));
  }
}

/** Fixed steps are compared with what the adaptive strategy would do here, under the same overrides. */
function feasibilityOf(parts: WorkerParts, target: TargetRow, plan: Plan, traffic: Traffic): Feasibility {
  const { periodSeconds, settleSeconds } = measuringOf(parts, target);
  const input = {
    requestsPerSecond: traffic.requestsPerSecond,
    errorRate: traffic.errorRate,
    steps: plan.steps.map(({ weightPercent, bakeSeconds }) => ({ weightPercent, bakeMs: bakeSeconds * 1000 })),
    periodMs: periodSeconds * 1000,
    settleMs: settleSeconds * 1000,
  };
  return feasibility(input, policyOf({ ...plan, adaptive: true }, periodSeconds, null));
}
