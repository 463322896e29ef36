/** A condition that must hold before a step may be left. */
export type Gate = { readonly kind: 'analysis' } | { readonly kind: 'approval' };

/** One shift, the time its weight must then hold, and the gates that must pass before the next. */
export interface Step {
  /** Share of the canary, above 0 and below 100: reaching 100 is the promotion, which is no step. */
  readonly weightPercent: number;
  readonly bakeSeconds: number;
  readonly gates: readonly Gate[];
}

/** The ordered steps of one deployment. Immutable once the deployment is accepted. */
export interface Plan {
  /** The name people know it by: a strategy's name, or `steps` for an explicit list. */
  readonly strategy: string;
  /** Empty: the canary receives everything at once. */
  readonly steps: readonly Step[];
  /** The judge chooses the weights by what an unknown failure may cost; there are no steps then. */
  readonly adaptive?: true;
  readonly deadlines: Deadlines;
  /** What happens when an analysis gate stays without a verdict until its deadline. */
  readonly onInconclusive: 'rollback' | 'hold';
  /** How often a live canary is looked at. */
  readonly watchSeconds: number;
  /** Overrides for the judge, opaque here and parsed by whoever judges; `null` switches the watch off. */
  readonly analysis: Readonly<Record<string, unknown>> | null;
  readonly probes?: ProbePlan;
}

/** Payloads invoked on both versions by qualifier after the canary is active and before it has any weight. */
export interface ProbePlan {
  /** How many payloads there are; the payloads themselves are no part of a plan. */
  readonly payloads: number;
  /** `shape`: an answer of another form than the stable version's counts as a failure as well. */
  readonly compare: 'outcome' | 'shape';
  /** How long one invocation may take. */
  readonly timeoutSeconds: number;
  /** How long all of them together may take. */
  readonly deadlineSeconds: number;
  /** The canary fails when its median warm duration is above the stable version's times this. */
  readonly slowerThan?: number;
  /** The payloads are independent of each other, so what they showed is evidence for the judge as well. */
  readonly independent?: true;
  /** Their payloads are read from the function's own log when they are sent; `payloads` is how many at most. */
  readonly fromLog?: true;
  /** What happens when the probes prove nothing. */
  readonly onInconclusive: 'fail' | 'continue';
}

export interface Deadlines {
  /** From the start until the canary version is active. */
  readonly prepareSeconds: number;
  /** How long an analysis gate waits for a verdict after its bake. */
  readonly analysisSeconds: number;
  /** How long a pause or an approval may last before the rollback point is put back. */
  readonly personSeconds: number;
}

export const defaultDeadlines: Deadlines = { prepareSeconds: 900, analysisSeconds: 1800, personSeconds: 86_400 };

export const DEFAULT_WATCH_SECONDS = 10;

/** Where an adaptive rollout begins when nothing is known of the traffic. */
export const CAUTIOUS_FIRST_WEIGHT_PERCENT = 1;

/** A restore is one write: there is nothing to walk through. */
export const restorePlan: Plan = {
  strategy: 'restore',
  steps: [],
  deadlines: defaultDeadlines,
  onInconclusive: 'rollback',
  watchSeconds: DEFAULT_WATCH_SECONDS,
  analysis: null,
};

/** Lambda's `$LATEST` can be neither stable nor canary. */
export const LATEST = '$LATEST';
