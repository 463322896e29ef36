import type { z } from 'zod';
import type { Outbound, OutboundRequest } from './outbound.js';

export type Refusal = {
  readonly ok: false;
  readonly reason: string;
  readonly retry: 'again' | 'never';
  readonly internal: string;
};

export function refusal(reason: string, retry: Refusal['retry'], internal: string = reason): Refusal {
  return { ok: false, reason, retry, internal };
}

/** One question whose answer is JSON of a known shape. `who` names the source in the sentences. */
export async function askJson<T>(
  outbound: Outbound,
  request: OutboundRequest,
  schema: z.ZodType<T>,
  who: string,
): Promise<{ readonly ok: true; readonly value: T } | Refusal> {
  const answer = await outbound.send(request);
  if (!answer.ok) return answer;
  const { status, body } = answer;
  // What the source says is not repeated: it may echo keys.
  const internal = `${who}: HTTP ${status}`;
  if (status === 429) return refusal(`${who} limits how often it may be asked.`, 'again', internal);
  if (status === 401 || status === 403) return refusal(`${who} did not accept the credentials.`, 'never', internal);
  if (status >= 500) return refusal(`${who} answered with an internal error (${status}).`, 'again', internal);
  if (status !== 200) return refusal(`${who} refused the question (${status}).`, 'never', internal);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refusal(`${who} answered with something that is not JSON.`, 'again', internal);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const where = parsed.error.issues.map((issue) => issue.path.join('.')).slice(0, 5);
  return refusal(`${who} answered in a form that is not understood.`, 'again', `${internal}, at ${where.join(', ')}`);
}
