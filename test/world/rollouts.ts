import {
  createPlan,
  type Plan,
  type PlanOptions,
  queuedState,
  type RolloutEvent,
  type RolloutState,
  type StrategyInput,
  transition,
} from '#rollout';
import type { AcceptInput, DeploymentRow, Store, TargetInput, TargetRow } from '#store';

/** A plan that must be one: throws what is wrong with the strategy. */
export function planOf(strategy: StrategyInput, options?: PlanOptions): Plan {
  const result = createPlan(strategy, options);
  if (!result.ok) throw new Error(result.problem.message);
  return result.plan;
}

/** Where an event leads. Throws when it leads nowhere: what a test or a measurement tells has to be a real history. */
export function moved(state: RolloutState, event: RolloutEvent): RolloutState {
  const next = transition(state, event);
  if (next.kind === 'moved') return next.state;
  throw new Error(`${event.type} does not move a rollout that is ${state.phase}: ${JSON.stringify(next)}`);
}

/** Where several events lead, one after the other. */
export function after(state: RolloutState, ...events: readonly RolloutEvent[]): RolloutState {
  return events.reduce(moved, state);
}

let targets = 0;

/** A target nobody has yet, on a function of its own unless told. */
export async function newTarget(store: Pick<Store, 'targets'>, change: Partial<TargetInput> = {}): Promise<TargetRow> {
  targets += 1;
  const target = await store.targets.create('default', {
    name: `target-${targets}`,
    accountId: '000000000000',
    region: 'us-east-1',
    functionName: `function-${targets}`,
    aliasName: `live-${targets}`,
    policy: 'queue',
    settings: {},
    ...change,
  });
  if (target === 'exists') throw new Error('There is such a target already.');
  return target;
}

/** What the API asks of the store when somebody deploys: a canary in line, without artifact or key. */
export function wishFor(target: TargetRow, change: Partial<AcceptInput> = {}): AcceptInput {
  return {
    projectId: 'default',
    targetId: target.id,
    policy: 'queue',
    artifactId: undefined,
    plan: planOf('canary'),
    request: {},
    requestedBy: 'ann',
    idempotency: undefined,
    ...change,
  };
}

/** A store, or as much of one as the simulator has. */
interface Having<Methods extends keyof Store['deployments']> {
  readonly deployments: Pick<Store['deployments'], Methods>;
}

/** The deployment that accepting a wish made; throws when it is refused or known. */
export async function accepted(store: Having<'accept' | 'load'>, wish: AcceptInput): Promise<DeploymentRow> {
  const result = await store.deployments.accept(wish);
  if (result.kind !== 'accepted') throw new Error(`The wish was not accepted: ${result.kind}.`);
  return loaded(store, result.deploymentId);
}

/** A deployment that has to be there. */
export async function loaded(store: Having<'load'>, id: string): Promise<DeploymentRow> {
  const row = await store.deployments.load(id);
  if (!row) throw new Error(`There is no deployment ${id}.`);
  return row;
}

export type WeightedAlias = Extract<RolloutState, { phase: 'baking' }>['value'];

/** A rollout that confirmed its first weight at `at` and now holds it, with every event that led there. */
export function walkToBake(
  plan: Plan,
  at: number,
  value: WeightedAlias,
  revisionId: string,
): { readonly state: RolloutState; readonly events: readonly RolloutEvent[] } {
  const captured = {
    point: { version: '1' },
    aliasRevisionId: 'before-the-shift',
    latestRevisionId: 'latest-1',
    codeSha256: 'ZmFrZSBjb2Rl',
    needsCode: true,
    highestVersion: 1,
  };
  const events: RolloutEvent[] = [
    { type: 'Started', at },
    { type: 'RollbackPointCaptured', at, captured, needsConfiguration: false, nothingToDo: false },
    { type: 'ClaimTaken', at, command: 'UpdateCode', token: captured.latestRevisionId },
    { type: 'VersionPublished', at, version: '2' },
    { type: 'VersionActivated', at },
    { type: 'ClaimTaken', at, command: 'ShiftWeight', token: captured.aliasRevisionId, wanted: value },
    { type: 'WeightShifted', at, value, revisionId },
  ];
  return { state: after(queuedState(plan, at), ...events), events };
}
