import type { Captured, Command } from '#rollout';
import { writeFault } from '../faults.js';
import type { Answer, Turn } from '../turn.js';
import { publishedAs } from './update-code.js';

/** Publishes `$LATEST` as it was last read; the hash and the token refuse code or configuration that somebody slipped in. */
export async function publishVersion(
  turn: Turn<Extract<Command, { type: 'PublishVersion' }>>,
  captured: Captured,
  timeoutMs: number,
): Promise<Answer> {
  const fence = { revisionId: turn.command.token, codeSha256: captured.codeSha256 };
  const description = `sluice ${turn.row.id}`;
  const answer = await turn.parts.lambda.publishVersion(turn.fn, fence, description, {
    timeoutMs,
    signal: turn.signal,
  });
  if (!answer.ok) return writeFault(answer.fault, turn.at());
  return publishedAs(turn, answer.value.version, captured);
}
