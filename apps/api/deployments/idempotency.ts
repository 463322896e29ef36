import { createHash } from 'node:crypto';
import type { RouteName } from '#contracts';
import { type AcceptInput, canonicalJson } from '#store';

/** The same key may only repeat the same request: the same route, the same target in the path, the same body. */
export function idempotencyOf(
  key: string | undefined,
  request: { readonly route: RouteName; readonly target?: string; readonly body: unknown },
): AcceptInput['idempotency'] {
  if (key === undefined) return undefined;
  return { key, requestHash: createHash('sha256').update(canonicalJson(request)).digest('hex') };
}
