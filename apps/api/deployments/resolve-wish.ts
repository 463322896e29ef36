import type { z } from 'zod';
import { asStrategy, type createDeployment, mergeAnalysis } from '#contracts';
import type { PlanOptions, StrategyInput } from '#rollout';
import type { TargetSettings } from '../targets/target-settings.js';

type Asked = Partial<Pick<z.output<typeof createDeployment>, 'strategy' | 'deadlines' | 'onInconclusive' | 'analysis'>>;

export type Wish = { readonly strategy: StrategyInput } & PlanOptions;

/** The judge's ramp; without the judge nobody could lead it, and CodeDeploy's best known schedule takes its place. */
const DEFAULT_STRATEGY = 'adaptive';
const DEFAULT_WITHOUT_JUDGE = 'Canary10Percent5Minutes';

/** What the request does not say, the target says; what neither says is the default. */
export function resolveWish(asked: Asked, settings: TargetSettings): Wish {
  const analysis = analysisOf(asked.analysis, settings.analysis);
  const usual = analysis === null ? DEFAULT_WITHOUT_JUDGE : DEFAULT_STRATEGY;
  return {
    strategy: asStrategy(asked.strategy ?? settings.strategy ?? usual),
    deadlines: { ...settings.deadlines, ...asked.deadlines } as NonNullable<PlanOptions['deadlines']>,
    onInconclusive: asked.onInconclusive ?? settings.onInconclusive,
    analysis,
  };
}

/** Overrides lie on top of the target's; `null` on either side is a decision, and the request's decision wins. */
function analysisOf(asked: Asked['analysis'], usual: TargetSettings['analysis']): PlanOptions['analysis'] {
  if (asked === null) return null;
  if (asked === undefined) return usual;
  return mergeAnalysis(usual ?? {}, asked);
}
