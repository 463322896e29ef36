import { timingSafeEqual } from 'node:crypto';
import type { ApiParts } from '../parts.js';
import { hashApiKey, isApiKey, keyPrefix } from './api-key.js';

/** Whoever holds a valid key. */
export interface Identity {
  readonly projectId: string;
  readonly keyId: string;
  /** Shown as who asked for what. */
  readonly name: string;
  readonly scopes: readonly string[];
}

export type CheckedKey =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly sentence: string };

/** One sentence for a wrong, a revoked and an expired key: which of them it is is nobody's business. */
const NOT_USABLE = 'The API key is not known, or not valid any more.';

export async function checkKey(
  { store, clock, logger }: Pick<ApiParts, 'store' | 'clock' | 'logger'>,
  authorization: string | undefined,
): Promise<CheckedKey> {
  if (!authorization) return { ok: false, sentence: 'The request has no Authorization header.' };
  const key = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1];
  if (!key) return { ok: false, sentence: 'The Authorization header is not of the form "Bearer <key>".' };
  if (!isApiKey(key)) return { ok: false, sentence: 'This is not a Sluice API key: a character is wrong or missing.' };
  const row = await store.apiKeys.findByPrefix(keyPrefix(key));
  if (!row || !sameDigest(row.secretHash, hashApiKey(key))) return { ok: false, sentence: NOT_USABLE };
  if (row.revokedAt !== undefined) return { ok: false, sentence: NOT_USABLE };
  if (row.expiresAt !== undefined && row.expiresAt <= clock.now()) return { ok: false, sentence: NOT_USABLE };
  if (row.lastUseDue) {
    // When it was last used is worth knowing, but not worth waiting for.
    store.apiKeys.touch(row.id).catch((error: unknown) => {
      logger.debug({ key: row.name, error: String(error) }, 'The last use of a key could not be noted.');
    });
  }
  return { ok: true, identity: { projectId: row.projectId, keyId: row.id, name: row.name, scopes: row.scopes } };
}

/** Takes as long for a near miss as for a far one. Both are hex SHA-256; a damaged row has another length. */
function sameDigest(left: string, right: string): boolean {
  const one = Buffer.from(left);
  const other = Buffer.from(right);
  return one.length === other.length && timingSafeEqual(one, other);
}
