import type { ErrorCode } from '#contracts';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { ApiParts } from '../parts.js';

/** How long a request waits for its answer before it is given an address instead. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;

export type Answer = { readonly answer: unknown } | { readonly queryId: string };

/** Puts a question to the workers and waits a while. What a worker refuses comes back as a refusal. */
export async function askWorker(
  parts: ApiParts,
  projectId: string,
  kind: string,
  input: object,
): Promise<Outcome<Answer>> {
  const { store, clock } = parts;
  const queryId = await store.queries.ask(projectId, kind, input);
  const start = clock.monotonic();
  while (clock.monotonic() - start < PATIENCE_MS) {
    const query = await store.queries.get(projectId, queryId);
    if (query?.answered) return outcomeOf(query.result);
    await clock.sleep(LOOK_MS);
  }
  return granted({ queryId });
}

/** A worker's refusals carry one of these; anything else is its answer. */
const refusals: Readonly<Record<string, ErrorCode>> = {
  not_found: 'not_found',
  request_invalid: 'request_invalid',
  not_judged: 'not_judged',
  unavailable: 'no_worker',
};

export function outcomeOf(result: unknown): Outcome<{ answer: unknown }> {
  const said = result as { refused?: string; sentence?: string } | null;
  const code = said?.refused === undefined ? undefined : refusals[said.refused];
  if (!code) return granted({ answer: result });
  return refused(code, said?.sentence === undefined ? {} : { detail: said.sentence });
}
