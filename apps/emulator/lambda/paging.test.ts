import { pageOf } from './paging.js';

const all = ['a', 'b', 'c', 'd', 'e'];
const page = (Marker: string | undefined, MaxItems: number, list = all) =>
  pageOf(list, (one) => one, { ...(Marker === undefined ? {} : { Marker }), MaxItems });

test('pages follow each other without gaps or repeats, and the last one has no marker', () => {
  const first = page(undefined, 2);
  const second = page(first.nextMarker, 2);
  const third = page(second.nextMarker, 2);
  expect([first.items, second.items, third.items]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(third.nextMarker).toBeUndefined();
});

test('an entry that goes between two pages shifts nothing', () => {
  const first = page(undefined, 2);
  expect(page(first.nextMarker, 2, ['b', 'c', 'd', 'e']).items).toEqual(['c', 'd']);
});

test('when the last entry shown goes, the next page begins behind its place', () => {
  const first = page(undefined, 2);
  expect(page(first.nextMarker, 2, ['a', 'c', 'd', 'e']).items).toEqual(['c', 'd']);
  const versions = ['$LATEST', '9', '10', '11'];
  const second = page(page(undefined, 3, versions).nextMarker, 3, ['$LATEST', '9', '11']);
  expect(second.items).toEqual(['11']);
});

test('a page is never larger than the default size', () => {
  const many = Array.from({ length: 120 }, (_, i) => String(i).padStart(3, '0'));
  expect(page(undefined, 10_000, many).items).toHaveLength(50);
});

test('a marker of ours it is not', () => {
  expect(() => page('nonsense', 2)).toThrow('Invalid marker');
});
