import type { CodeSource } from '#aws';
import type { Captured, Command } from '#rollout';
import { latestChanged, writeFault } from '../faults.js';
import { type Answer, happened, type Turn } from '../turn.js';

const PUBLISHED = /^[1-9]\d*$/;

/** Uploads and publishes in one call: what is published is what was uploaded, whoever else is at work. */
export async function updateCode(
  turn: Turn<Extract<Command, { type: 'UpdateCode' }>>,
  code: CodeSource,
  captured: Captured,
  timeoutMs: number,
): Promise<Answer> {
  const fence = { revisionId: turn.command.token };
  const options = { timeoutMs, signal: turn.signal };
  const answer = await turn.parts.lambda.updateFunctionCode(turn.fn, code, fence, { publish: true }, options);
  if (!answer.ok) return writeFault(answer.fault, turn.at());
  const { version, codeSha256 } = answer.value;
  if (codeSha256 !== captured.codeSha256) {
    return latestChanged(turn.at(), '$LATEST holds other code than was sent.');
  }
  if (!PUBLISHED.test(version)) {
    return happened({
      type: 'OutcomeUnknown',
      at: turn.at(),
      sentence: 'Lambda did not name the version it published.',
    });
  }
  return publishedAs(turn, version, captured);
}

/** Publishing gives the old number back when nothing has changed since: a canary of a version against itself is refused. */
export function publishedAs(turn: Turn, version: string, captured: Captured): Answer {
  if (version !== captured.point.version) return happened({ type: 'VersionPublished', at: turn.at(), version });
  return latestChanged(
    turn.at(),
    `Publishing gave back version ${version}, which is already live: nothing new was published.`,
  );
}
