import { z } from 'zod';
import type { PolicyOverrides } from '#analysis';
import type { PlanOptions, StrategyInput } from '#rollout';
import type { QueryRow } from '#store';
import type { WorkerParts } from '../parts.js';
import { explainDeployment } from './explain.js';
import { forecastRollout } from './plan-rollout.js';
import { tryPolicy } from './try-policy.js';

/** A question that cannot be answered: a code of the error catalogue and one plain sentence. */
export interface Refused {
  readonly refused: 'not_found' | 'request_invalid' | 'unavailable' | 'not_judged';
  readonly sentence: string;
}

const explainInput = z.object({ deploymentId: z.string() });
const targetInput = z.looseObject({ targetId: z.string() });

/** Answers one question. What breaks becomes an answer as well: whoever asked is waiting. */
export async function answerQuery(parts: WorkerParts, query: QueryRow): Promise<void> {
  const result = await resultOf(parts, query).catch((error: unknown): Refused => {
    parts.logger.error(
      { query: query.id, kind: query.kind, problem: String(error) },
      'A question could not be answered.',
    );
    return { refused: 'unavailable', sentence: 'The question could not be answered; the worker’s log says why.' };
  });
  await parts.store.queries.answer(query.id, result);
}

async function resultOf(parts: WorkerParts, { kind, input, projectId }: QueryRow): Promise<unknown> {
  const { store } = parts;
  if (kind === 'explain') {
    const row = await store.deployments.get(projectId, explainInput.parse(input).deploymentId);
    return row ? explainDeployment(parts, row) : gone('deployment');
  }
  const { targetId, ...wish } = targetInput.parse(input);
  const target = await store.targets.get(projectId, targetId);
  if (!target) return gone('target');
  if (kind === 'plan')
    return forecastRollout(parts, target, wish as unknown as { strategy: StrategyInput } & PlanOptions);
  if (kind === 'backtest') return tryPolicy(parts, target, (wish['policy'] ?? {}) as PolicyOverrides);
  return {
    refused: 'request_invalid',
    sentence: `This worker does not know the question "${kind}".`,
  } satisfies Refused;
}

function gone(what: string): Refused {
  return { refused: 'not_found', sentence: `There is no such ${what}.` };
}
