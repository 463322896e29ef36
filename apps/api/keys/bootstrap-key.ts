import { scopes } from '#contracts';
import { ConfigError } from '#runtime';
import type { Store } from '#store';
import { generateApiKey, hashApiKey, isApiKey, keyPrefix } from './api-key.js';

/** The project of an installation that knows only one. The first migration makes it. */
export const DEFAULT_PROJECT = 'default';

export interface BootstrapKey {
  readonly key: string;
  /** False when the given key was there already. */
  readonly created: boolean;
}

/**
 * Makes sure that there is a key with every right: the given one, or a new one, which is returned this once. Called at
 * boot with `SLUICE_API_KEY` or with what a local installation keeps in its data folder.
 */
export async function ensureBootstrapKey(store: Pick<Store, 'apiKeys'>, given?: string): Promise<BootstrapKey> {
  if (given !== undefined && !isApiKey(given)) {
    throw new ConfigError(
      `SLUICE_API_KEY does not have the form of a Sluice key. Here is a new one that nobody else knows: ${generateApiKey()}`,
    );
  }
  const key = given ?? generateApiKey();
  const prefix = keyPrefix(key);
  const secretHash = hashApiKey(key);
  const known = await store.apiKeys.findByPrefix(prefix);
  if (known) return confirmKnown(known.secretHash === secretHash, key);
  try {
    const row = { name: 'bootstrap', prefix, secretHash, scopes: [...scopes], expiresAt: undefined };
    await store.apiKeys.create(DEFAULT_PROJECT, row);
    return { key, created: true };
  } catch (error) {
    // Two processes that boot together make the same key; the second finds it there.
    const winner = await store.apiKeys.findByPrefix(prefix);
    if (!winner) throw error;
    return confirmKnown(winner.secretHash === secretHash, key);
  }
}

function confirmKnown(same: boolean, key: string): BootstrapKey {
  if (same) return { key, created: false };
  throw new ConfigError('SLUICE_API_KEY begins like another key that is already known. Choose a new one.');
}
