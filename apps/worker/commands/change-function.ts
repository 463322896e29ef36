import type { FunctionReading } from '#aws';
import { LATEST } from '#rollout';
import type { ArtifactRow } from '#store';
import { failed, readAgain } from '../faults.js';
import { isAnswer, readArtifact, readFunction, readRequest } from '../readings.js';
import type { Answer, Turn } from '../turn.js';
import { resolveWanted, type Wanted } from '../wanted.js';

/** What a change of `$LATEST` is built from, read afresh: GetFunction costs nothing of the budget. */
export interface Change {
  readonly stable: FunctionReading;
  readonly latest: FunctionReading;
  readonly artifact: ArtifactRow | undefined;
  readonly wanted: Wanted;
}

/** Reads stable and `$LATEST` and works out what is wanted; an `Answer` when that cannot be done now, or ever. */
export async function prepareChange(turn: Turn, stableVersion: string): Promise<Change | Answer> {
  const artifact = await readArtifact(turn);
  if (artifact === 'missing') return failed(turn.at(), 'artifact_missing', 'The artifact to deploy no longer exists.');
  const [stable, latest] = await Promise.all([readFunction(turn, stableVersion), readFunction(turn, LATEST)]);
  for (const reading of [stable, latest]) {
    if (reading.ok) continue;
    const { fault } = reading;
    return fault.retry === 'never' ? failed(turn.at(), 'write_refused', fault.public) : readAgain(fault);
  }
  if (!stable.ok || !latest.ok) return failed(turn.at(), 'write_refused', 'The function could not be read.');
  const request = readRequest(turn);
  if (isAnswer(request)) return request;
  const wanted = resolveWanted(stable.value, latest.value, request, artifact);
  return { stable: stable.value, latest: latest.value, artifact, wanted };
}
