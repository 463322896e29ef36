import { Heard } from './heard.js';

/** Looks that end by hand. */
function byHand() {
  const looks: { id: string; end: () => void }[] = [];
  const stopping = new AbortController();
  const look = (id: string) => new Promise<void>((end) => looks.push({ id, end }));
  return { heard: new Heard(look, stopping.signal), looks, stopping };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what is heard is looked at, at once and at most twenty at a time', async () => {
  const { heard, looks } = byHand();
  for (let n = 0; n < 30; n += 1) heard.hear(String(n));
  expect(looks.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
  for (const { end } of looks.splice(0, 5)) end();
  await settled();
  expect(looks).toHaveLength(20);
  for (const { end } of looks.splice(0)) end();
  await settled();
  expect(looks.map(({ id }) => id)).toEqual(['25', '26', '27', '28', '29']);
});

test('of one deployment one look waits, however often it is heard', async () => {
  const { heard, looks } = byHand();
  for (let n = 0; n < 20; n += 1) heard.hear(String(n));
  for (let n = 0; n < 3; n += 1) heard.hear('a');
  for (const { end } of looks.splice(0)) end();
  await settled();
  expect(looks.map(({ id }) => id)).toEqual(['a']);
});

test('what finds no room is left to the sweep, and what comes later is heard again', async () => {
  const { heard, looks } = byHand();
  for (let n = 0; n < 2_000; n += 1) heard.hear(String(n));
  let walked = 0;
  for (; looks.length > 0; await settled()) for (const { end } of looks.splice(0)) [walked] = [walked + 1, end()];
  expect(walked).toBe(1_020);
  heard.hear('later');
  expect(looks).toHaveLength(1);
});

test('a worker that stops begins nothing any more', async () => {
  const { heard, looks, stopping } = byHand();
  for (let n = 0; n < 30; n += 1) heard.hear(String(n));
  stopping.abort();
  for (const { end } of looks.splice(0)) end();
  await settled();
  expect(looks).toHaveLength(0);
});
