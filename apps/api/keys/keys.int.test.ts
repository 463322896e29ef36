import { ConfigError } from '#runtime';
import { startTestApi, type TestApi } from '../../../test/world/api.js';
import { generateApiKey } from './api-key.js';
import { ensureBootstrapKey } from './bootstrap-key.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

test('a given key is made once and then recognised, also by processes that boot together', async () => {
  const given = generateApiKey();
  const made = await Promise.all(Array.from({ length: 5 }, () => ensureBootstrapKey(api.store, given)));
  expect(made.filter((one) => one.created)).toHaveLength(1);
  expect(await ensureBootstrapKey(api.store, given)).toEqual({ key: given, created: false });
  expect((await api.request('/v1/targets', { key: given })).status).toBe(200);
});

test('without a given key a new one is made each time', async () => {
  const one = await ensureBootstrapKey(api.store);
  const other = await ensureBootstrapKey(api.store);
  expect(one.key).not.toBe(other.key);
  expect((await api.request('/v1/targets', { key: one.key })).status).toBe(200);
});

test('a given text that is no key is refused, with a new key to use instead', async () => {
  const refusal = ensureBootstrapKey(api.store, 'password123');
  await expect(refusal).rejects.toBeInstanceOf(ConfigError);
  await expect(refusal).rejects.toThrow(/slu_[0-9A-Za-z]{42}$/);
  await expect(refusal).rejects.not.toThrow(/password123/);
});

test('when a key was last used is noted', async () => {
  const { key, id } = await api.keyWith(['read']);
  const used = async () =>
    (await api.store.pool.query('SELECT last_used_at FROM api_keys WHERE id = $1', [id])).rows[0];
  expect((await used())?.last_used_at).toBeNull();
  await api.request('/v1/targets', { key });
  while ((await used())?.last_used_at === null) await new Promise((resolve) => setImmediate(resolve));
});
