import { shapeOf } from './shape.js';

test('two answers of the same form have the same shape, whatever they say and however long their lists are', () => {
  const first = { id: 1, items: [{ sku: 'a', price: 2 }], note: null };
  const second = {
    note: null,
    items: [
      { price: 9, sku: 'z' },
      { sku: 'y', price: 1 },
    ],
    id: 77,
  };
  expect(shapeOf(first)).toBe(shapeOf(second));
});

test.each([
  [{ id: 1 }, { id: '1' }],
  [{ id: 1 }, {}],
  [{ id: 1 }, { id: null }],
  [[1], ['a']],
  [[], {}],
  ['a', 1],
])('%j and %j differ', (left, right) => {
  expect(shapeOf(left)).not.toBe(shapeOf(right));
});

test('nothing of the content is in a shape, and depth has an end', () => {
  expect(shapeOf({ name: 'Ada', age: 36 })).not.toMatch(/Ada|36/);
  let deep: unknown = 1;
  for (let level = 0; level < 5_000; level += 1) deep = [deep];
  expect(shapeOf(deep).length).toBeLessThan(100);
});
