import { markOf, median, overRounds, percentile } from './arithmetic.js';
import { figureOf, figures } from './figures.js';
import { closingLine, linesOf, quantity, ratioTable } from './report.js';

describe('arithmetic of the ratios', () => {
  it('takes the middle of an odd count and the mean of the two middle ones of an even count', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 10, 2])).toBe(3);
    expect(median([7])).toBe(7);
    expect(() => median([])).toThrow(/nothing/);
  });

  it('finds percentiles by nearest rank: with a hundred values the 99th is the last but one', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 99)).toBe(99);
    expect(percentile(values, 100)).toBe(100);
    expect(percentile(values, 50)).toBe(50);
    expect(percentile([3], 99)).toBe(3);
    expect(() => percentile([], 50)).toThrow(/nothing/);
  });

  it('reads marks in the direction in which a figure gets better, a mark itself being reached', () => {
    const up = { better: 'higher', floor: 0.25, target: 0.45, worldClass: 0.6 } as const;
    expect([0.2, 0.25, 0.45, 0.59, 0.6].map((value) => markOf(up, value))).toEqual([
      'below the floor',
      'floor',
      'target',
      'target',
      'world-class',
    ]);
    const down = { better: 'lower', floor: 50, target: 25, worldClass: 15 } as const;
    expect([51, 50, 25, 15, 1].map((value) => markOf(down, value))).toEqual([
      'below the floor',
      'floor',
      'target',
      'world-class',
      'world-class',
    ]);
  });

  it('takes each side of a ratio as a median of its own', () => {
    const rounds = [
      { id: 'P1', value: 0.5, raw: { value: 4000, what: 'raw' }, ours: 2000 },
      { id: 'P1', value: 0.1, raw: { value: 9000, what: 'raw' }, ours: 900 },
      { id: 'P1', value: 0.6, raw: { value: 5000, what: 'raw' }, ours: 3000, note: 'last' },
    ];
    expect(overRounds(rounds)).toEqual({
      id: 'P1',
      value: 0.5,
      raw: { value: 5000, what: 'raw' },
      ours: 2000,
      note: 'last',
      rounds: 3,
    });
  });
});

describe('the list of figures', () => {
  it('names each figure once, with marks that get harder from floor to world-class', () => {
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    for (const { better, floor, target, worldClass } of figures) {
      const harder = better === 'higher' ? [floor, target, worldClass] : [worldClass, target, floor];
      expect(harder).toEqual([...harder].sort((left, right) => left - right));
    }
  });
});

describe('the table of ratios', () => {
  const readings = [
    { id: 'P4', value: 2.5, raw: { value: 1000, what: 'new accepts/s' }, ours: 2500, queue: 'redis' },
    { id: 'P1', value: 0.3, raw: { value: 4351, what: 'raw' }, ours: 1305, queue: 'redis' },
    { id: 'P1', value: 0.1, raw: { value: 4351, what: 'raw' }, ours: 435, queue: 'postgres', note: 'a reason' },
  ];

  it('shows figures in their own order, one line for each queue, with the mark each reached', () => {
    const lines = linesOf(readings);
    expect(lines.map(({ id, queue, mark }) => [id, queue, mark])).toEqual([
      ['P1', 'redis', 'floor'],
      ['P1', 'postgres', 'below the floor'],
      ['P4', 'redis', 'world-class'],
    ]);
    const text = ratioTable(lines);
    expect(text).toContain('4,351');
    expect(text).toContain(figureOf('P1').what);
    expect(text).toContain('a reason');
  });

  it('ends with one line that counts the marks and names what failed', () => {
    expect(closingLine(linesOf(readings), ['P9'])).toBe(
      '3 figures: 1 world-class, 0 target, 1 floor, 1 below the floor; could not be measured: P9',
    );
  });

  it('prints small numbers with two digits behind the point and large ones in groups', () => {
    expect([0.4512, 3, 12.34, 250.4, 1234567].map(quantity)).toEqual(['0.45', '3', '12.3', '250', '1,234,567']);
  });
});
