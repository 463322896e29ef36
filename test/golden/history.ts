import { beginRestore, type Plan, type RolloutEvent, type RolloutState, transition } from '#rollout';

/** One line of a golden history: an event as it was recorded, and the state it led to, without the plan. */
export interface GoldenLine {
  readonly seq: number;
  readonly hash: string;
  readonly event: RolloutEvent | Accepted;
  readonly state: Omit<RolloutState, 'plan'>;
}

/** The first line of a file. A plan never changes during a rollout, so it stands here once. */
export interface GoldenHead {
  readonly story: string;
  readonly release: string;
  readonly kind: RolloutState['kind'];
  readonly plan: Plan;
}

interface Accepted {
  readonly type: 'Accepted';
  readonly at: number;
  readonly by: string;
}

/** The first state: what accepting made. `inFlight` is what a restore took over, if anything. */
export function firstState(
  kind: RolloutState['kind'],
  plan: Plan,
  at: number,
  restore: { readonly version: string; readonly inFlight: RolloutState | undefined } | undefined,
): RolloutState {
  return restore ? beginRestore(restore.version, restore.inFlight, at) : { phase: 'queued', kind, plan, since: at };
}

/** Every state a history leads through, the first one included. Throws where today's `transition` would not follow. */
export function replay(first: RolloutState, events: readonly RolloutEvent[]): RolloutState[] {
  const states = [first];
  for (const [index, event] of events.entries()) {
    const before = states[index] as RolloutState;
    const next = transition(before, event);
    if (next.kind !== 'moved') {
      throw new Error(`${event.type} (event ${index + 2}) does not move ${before.phase}: ${JSON.stringify(next)}`);
    }
    states.push(next.state);
  }
  return states;
}

export function withoutPlan({ plan: _once, ...rest }: RolloutState): Omit<RolloutState, 'plan'> {
  return rest as Omit<RolloutState, 'plan'>;
}
