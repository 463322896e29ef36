import { MAX_BAKE_SECONDS, MIN_BAKE_SECONDS, parseDuration } from './duration.js';
import { DEFAULT_WATCH_SECONDS, type Deadlines, defaultDeadlines, type Gate, type Plan, type Step } from './plan.js';

/** The user's template, as it stands in a request. Durations are texts such as `30s`, `5m`, `1h`, or seconds. */
export type StrategyInput =
  | string
  | { readonly type: 'all-at-once' }
  /** The judge's ramp: as much traffic as an unknown failure may cost, until a regression is excluded. */
  | { readonly type: 'adaptive' }
  | {
      readonly type: 'canary';
      readonly weightPercent: number;
      readonly bake: string | number;
      readonly gates?: readonly GateName[] | undefined;
    }
  | {
      readonly type: 'linear';
      readonly stepPercent: number;
      readonly bake: string | number;
      readonly gates?: readonly GateName[] | undefined;
    }
  | { readonly type: 'steps'; readonly steps: readonly StepInput[] };

export type GateName = Gate['kind'];

export interface StepInput {
  readonly weight: number;
  readonly bake: string | number;
  readonly gates?: readonly GateName[] | undefined;
}

export interface PlanOptions {
  readonly deadlines?: Partial<Deadlines> | undefined;
  readonly onInconclusive?: Plan['onInconclusive'] | undefined;
  readonly watchSeconds?: number | undefined;
  readonly analysis?: Plan['analysis'] | undefined;
}

/** Why a strategy cannot become a plan: `path` says where, `message` what is wrong and what is allowed. */
export interface PlanProblem {
  readonly path: string;
  readonly message: string;
}

export type PlanResult =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problem: PlanProblem };

const MAX_STEPS = 100;

const demoGates: readonly GateName[] = ['analysis'];

/**
 * CodeDeploy's nine predefined configurations by their own names, plus ours. Their bakes are CodeDeploy's; the judge
 * watches them as it watches every canary.
 */
export const namedStrategies: Readonly<Record<string, StrategyInput>> = {
  adaptive: { type: 'adaptive' },
  'all-at-once': { type: 'all-at-once' },
  canary: { type: 'canary', weightPercent: 10, bake: '5m', gates: ['analysis'] },
  linear: { type: 'linear', stepPercent: 10, bake: '1m', gates: ['analysis'] },
  demo: {
    type: 'steps',
    steps: [
      { weight: 10, bake: '20s', gates: demoGates },
      { weight: 50, bake: '20s', gates: demoGates },
    ],
  },
  AllAtOnce: { type: 'all-at-once' },
  Canary10Percent5Minutes: { type: 'canary', weightPercent: 10, bake: '5m' },
  Canary10Percent10Minutes: { type: 'canary', weightPercent: 10, bake: '10m' },
  Canary10Percent15Minutes: { type: 'canary', weightPercent: 10, bake: '15m' },
  Canary10Percent30Minutes: { type: 'canary', weightPercent: 10, bake: '30m' },
  Linear10PercentEvery1Minute: { type: 'linear', stepPercent: 10, bake: '1m' },
  Linear10PercentEvery2Minutes: { type: 'linear', stepPercent: 10, bake: '2m' },
  Linear10PercentEvery3Minutes: { type: 'linear', stepPercent: 10, bake: '3m' },
  Linear10PercentEvery10Minutes: { type: 'linear', stepPercent: 10, bake: '10m' },
};

/** Turns a strategy into the plan of one deployment, or says what is wrong with it. */
export function createPlan(input: StrategyInput, options: PlanOptions = {}): PlanResult {
  const name = typeof input === 'string' ? input : input.type;
  const template = typeof input === 'string' ? findStrategy(input) : input;
  if (!template) {
    const known = Object.keys(namedStrategies).join(', ');
    return problem('strategy', `No strategy is called "${name}". Known: ${known}; or give an explicit list of steps.`);
  }
  const stepInputs = expand(template);
  if (!Array.isArray(stepInputs)) return stepInputs as PlanResult;
  if (stepInputs.length > MAX_STEPS) return problem('strategy.steps', `At most ${MAX_STEPS} steps are allowed.`);
  const steps: Step[] = [];
  for (const [index, stepInput] of stepInputs.entries()) {
    const step = readStep(stepInput, `strategy.steps[${index}]`, steps.at(-1)?.weightPercent ?? 0);
    if ('ok' in step) return step;
    steps.push(step);
  }
  const adaptive = template.type === 'adaptive';
  if (options.analysis === null && adaptive) {
    return problem('analysis', 'An adaptive strategy is led by the analysis, which is switched off.');
  }
  if (options.analysis === null && steps.some((step) => step.gates.some((gate) => gate.kind === 'analysis'))) {
    return problem(
      'analysis',
      'The strategy has an analysis gate, which can never pass while the analysis is switched off.',
    );
  }
  return {
    ok: true,
    plan: {
      strategy: name,
      steps,
      ...(adaptive ? { adaptive } : {}),
      deadlines: { ...defaultDeadlines, ...withoutUndefined(options.deadlines ?? {}) },
      onInconclusive: options.onInconclusive ?? 'rollback',
      watchSeconds: options.watchSeconds ?? DEFAULT_WATCH_SECONDS,
      analysis: options.analysis === undefined ? {} : options.analysis,
    },
  };
}

/** CodeDeploy spells its names with this prefix, SAM without. */
const CODEDEPLOY_PREFIX = 'CodeDeployDefault.Lambda';

function findStrategy(spelling: string): Exclude<StrategyInput, string> | undefined {
  const name = spelling.startsWith(CODEDEPLOY_PREFIX) ? spelling.slice(CODEDEPLOY_PREFIX.length) : spelling;
  const found = Object.hasOwn(namedStrategies, name) ? namedStrategies[name] : undefined;
  return typeof found === 'string' ? undefined : found;
}

function expand(template: Exclude<StrategyInput, string>): StepInput[] | PlanResult {
  switch (template.type) {
    case 'all-at-once':
    case 'adaptive':
      return [];
    case 'canary':
      return [{ weight: template.weightPercent, bake: template.bake, gates: template.gates }];
    case 'linear': {
      const { stepPercent } = template;
      if (!isWeight(stepPercent) || stepPercent < 1) {
        return problem('strategy.stepPercent', 'A linear strategy moves by 1 to 99.999 percent a step.');
      }
      const count = Math.ceil(100 / stepPercent - 1e-9) - 1;
      return Array.from({ length: count }, (_, index) => ({
        weight: Number((stepPercent * (index + 1)).toFixed(3)),
        bake: template.bake,
        gates: template.gates,
      }));
    }
    case 'steps':
      return [...template.steps];
  }
}

function readStep(input: StepInput, path: string, previousWeight: number): Step | PlanResult {
  if (!isWeight(input.weight)) {
    return problem(
      `${path}.weight`,
      'A weight is a percentage above 0 and below 100 with at most 3 decimals; 100 is the promotion that follows the last step.',
    );
  }
  if (input.weight <= previousWeight) {
    return problem(`${path}.weight`, `Weights must rise from step to step: ${input.weight} follows ${previousWeight}.`);
  }
  const bakeSeconds = typeof input.bake === 'number' ? input.bake : parseDuration(input.bake);
  if (
    bakeSeconds === undefined ||
    !Number.isInteger(bakeSeconds) ||
    bakeSeconds < MIN_BAKE_SECONDS ||
    bakeSeconds > MAX_BAKE_SECONDS
  ) {
    return problem(`${path}.bake`, 'A bake is a duration from 1s to 7d, such as 30s, 5m or 1h.');
  }
  return { weightPercent: input.weight, bakeSeconds, gates: (input.gates ?? []).map((kind) => ({ kind })) };
}

function isWeight(value: number): boolean {
  return Number.isFinite(value) && value > 0 && value < 100 && Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-6;
}

function problem(path: string, message: string): PlanResult {
  return { ok: false, problem: { path, message } };
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as never;
}
