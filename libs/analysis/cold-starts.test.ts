import { addColdStarts, compareColdStarts, noColdStarts } from './cold-starts.js';
import { Random } from './random.fixture.js';

const around = (middle: number, count: number) =>
  Array.from({ length: count }, (_, index) => middle + index - count / 2);

test('a canary whose initialisation takes three times as long is found, and the sentence has both medians', () => {
  const finding = compareColdStarts({ stable: around(300, 20), canary: around(900, 15) }, 1.5);
  expect(finding).toMatchObject({ slower: true, stable: { count: 20 }, canary: { count: 15 } });
  expect(finding.sentence).toMatch(/^cold starts take 900 ms instead of 299 ms \(medians of 15 and 20\)$/);
});

test.each<[string, number[], number[]]>([
  ['as slow as before', around(300, 20), around(300, 20)],
  ['slower by less than the ratio', around(300, 20), around(420, 20)],
  ['slower by what nobody notices', around(20, 20), around(45, 20)],
  ['one slow start among many', around(300, 20), [...around(300, 14), 9_000]],
  ['too few to say', around(300, 20), around(900, 4)],
  ['none of the stable version', [], around(900, 20)],
])('%s is no finding', (_, stable, canary) => {
  expect(compareColdStarts({ stable, canary }, 1.5)).toMatchObject({ slower: false, sentence: null });
});

test('equal versions looked at after every cold start are hardly ever called slower', () => {
  const generator = new Random(11);
  const random = () => generator.next();
  const draw = () => 300 * Math.exp(0.4 * (random() + random() + random() - 1.5) * 2);
  let alarms = 0;
  for (let run = 0; run < 400; run += 1) {
    const stable = Array.from({ length: 30 }, draw);
    const canary: number[] = [];
    let found = false;
    while (canary.length < 60 && !found) {
      canary.push(draw());
      found = compareColdStarts({ stable, canary }, 1).slower;
    }
    if (found) alarms += 1;
  }
  expect(alarms / 400).toBeLessThan(0.01);
});

test('they are gathered block by block, the latest ones kept', () => {
  const block = (initMs: number[]) => {
    const counts = { invocations: 10, errors: 0 };
    return { startMs: 0, endMs: 1, weightPercent: 1, stable: counts, canary: { ...counts, initMs } };
  };
  const many = addColdStarts(noColdStarts, [block(around(100, 90)), block([1, 2, 3])]);
  expect(many.canary.slice(-3)).toEqual([1, 2, 3]);
  expect(addColdStarts(many, [block(around(1, 90))]).canary).toHaveLength(100);
  expect(many.stable).toEqual([]);
});
