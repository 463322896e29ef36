import type { AliasReading, FunctionReading, Lane, Outcome } from '#aws';
import type { ArtifactRow, DeploymentRequest } from '#store';
import { failed } from './faults.js';
import { type Answer, READ_TIMEOUT_MS, type Turn, wait } from './turn.js';

/** One function version or `$LATEST`: GetFunction has a bucket of its own, so it costs nothing of the call budget. */
export function readFunction(turn: Turn, qualifier: string): Promise<Outcome<FunctionReading>> {
  return turn.parts.lambda.getFunction(turn.fn, qualifier, { timeoutMs: READ_TIMEOUT_MS, signal: turn.signal });
}

/** The alias, on the budget. `Answer` instead of a reading: the budget has no room yet. */
export async function readAlias(turn: Turn, lane: Lane): Promise<Outcome<AliasReading> | Answer> {
  const slot = await takeSlot(turn, lane);
  if (slot) return slot;
  return turn.parts.lambda.getAlias(turn.fn, turn.row.target.aliasName, {
    timeoutMs: READ_TIMEOUT_MS,
    signal: turn.signal,
  });
}

/** `undefined`: the call may be made now. Otherwise when to come back. */
export async function takeSlot(turn: Turn, lane: Lane): Promise<Answer | undefined> {
  const answer = await turn.parts.budget.take(turn.fn, lane, turn.signal);
  return answer.granted ? undefined : wait(Math.max(50, answer.waitMs));
}

export function isAnswer(value: object): value is Answer {
  return 'kind' in value;
}

/** What was asked for, its secrets included. `Answer` when they were sealed with a key that this worker does not have. */
export function readRequest({ parts, row, at }: Turn): DeploymentRequest | Answer {
  const request = parts.store.deployments.openRequest(row);
  if (request !== 'unreadable') return request;
  return failed(at(), 'secrets_unreadable', 'The worker cannot open the environment variables of this deployment.');
}

export async function readArtifact(turn: Turn): Promise<ArtifactRow | 'missing' | undefined> {
  const { artifactId, projectId } = turn.row;
  if (!artifactId) return undefined;
  return (await turn.parts.store.artifacts.get(projectId, artifactId)) ?? 'missing';
}
