import pg from 'pg';

/**
 * A connection of its own without the product's limits of time, on the server and here: seeding a hundred thousand
 * rows or a VACUUM takes longer than a statement of the product may.
 */
export async function patiently<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
