import { Redis } from 'ioredis';
import pg from 'pg';
import { createDatabase } from './database.js';
import { describeWithRedis } from './describe-with-redis.js';
import { claimRedis } from './redis.js';

test('each test file gets a database of its own, and dropping it works while somebody is connected', async () => {
  const [first, second] = await Promise.all([createDatabase(), createDatabase()]);
  const client = new pg.Client({ connectionString: first.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('CREATE TABLE mine (n int)');
  const other = new pg.Client({ connectionString: second.url });
  await other.connect();
  const { rows } = await other.query("SELECT to_regclass('mine') AS mine");
  expect(rows[0].mine).toBeNull();
  await other.end();
  await Promise.all([first.drop(), second.drop()]);
  await client.end().catch(() => undefined);
});

describeWithRedis('one Redis for all', () => {
  test('clearing one corner of Redis leaves the others alone', async () => {
    const [mine, theirs] = [claimRedis(), claimRedis()];
    const client = new Redis(mine.url);
    await client.set(`${mine.prefix}:a`, '1');
    await client.set(`${theirs.prefix}:a`, '1');
    await mine.clear();
    expect(await client.exists(`${mine.prefix}:a`)).toBe(0);
    expect(await client.exists(`${theirs.prefix}:a`)).toBe(1);
    await theirs.clear();
    client.disconnect();
  });
});
