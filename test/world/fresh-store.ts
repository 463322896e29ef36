import { silentLogger } from '#runtime';
import { createStore, type Store, type StoreOptions } from '#store';
import { createDatabase } from './database.js';

/** A store on an empty, migrated database of its own. */
export interface FreshStore {
  readonly store: Store;
  /** The database's. */
  readonly url: string;
  /** Closes the store and drops its database. */
  close(): Promise<void>;
}

export async function freshStore(poolSize = 10, given: Pick<StoreOptions, 'secretsKeys'> = {}): Promise<FreshStore> {
  const { url, drop } = await createDatabase();
  const store = createStore({ databaseUrl: url, poolSize, logger: silentLogger, ...given });
  await store.migrate();
  return {
    store,
    url,
    async close() {
      await store.close();
      await drop();
    },
  };
}
