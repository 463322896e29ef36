import { generateApiKey, hashApiKey, isApiKey, keyPrefix } from './api-key.js';

test('a key has its mark, 36 random characters and a checksum', () => {
  const keys = Array.from({ length: 500 }, generateApiKey);
  for (const key of keys) {
    expect(key).toMatch(/^slu_[0-9A-Za-z]{42}$/);
    expect(isApiKey(key)).toBe(true);
    expect(key.startsWith(keyPrefix(key))).toBe(true);
  }
  expect(new Set(keys).size).toBe(500);
  expect(new Set(keys.map(keyPrefix)).size).toBe(500);
});

test('every character is used about as often as every other', () => {
  const counts = new Map<string, number>();
  const sample = Array.from({ length: 2000 }, generateApiKey)
    .map((key) => key.slice(4, 40))
    .join('');
  for (const character of sample) counts.set(character, (counts.get(character) ?? 0) + 1);
  const expected = sample.length / 62;
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(Math.abs(count - expected) / expected).toBeLessThan(0.25);
});

test('any one wrong, missing or extra character is noticed without a look-up', () => {
  const key = generateApiKey();
  for (let at = 0; at < key.length; at += 1) {
    const wrong = key[at] === 'x' ? 'y' : 'x';
    expect(isApiKey(key.slice(0, at) + wrong + key.slice(at + 1))).toBe(false);
    expect(isApiKey(key.slice(0, at) + key.slice(at + 1))).toBe(false);
  }
  for (const text of ['', 'slu_', `${key} `, `${key}\n`, key.toUpperCase()]) expect(isApiKey(text)).toBe(false);
});

test('the stored hash is not the key and the prefix is not enough', () => {
  const key = generateApiKey();
  expect(hashApiKey(key)).toMatch(/^[0-9a-f]{64}$/);
  expect(keyPrefix(key)).toHaveLength(12);
  expect(hashApiKey(keyPrefix(key))).not.toBe(hashApiKey(key));
});
