import { short, table } from '../judge/table.js';
import { markOf, overRounds } from './arithmetic.js';
import { type Figure, figureOf, figures, type Reading } from './figures.js';

/** One line of the table: a figure on one queue engine, over all its rounds. */
export interface Line {
  readonly id: string;
  readonly queue: string;
  readonly rounds: number;
  readonly value: number;
  readonly raw: Reading['raw'] | undefined;
  readonly ours: number | undefined;
  readonly mark: ReturnType<typeof markOf>;
  readonly note: string | undefined;
}

/** Readings of all rounds, grouped by figure and queue, in the order of the list of figures. */
export function linesOf(readings: readonly (Reading & { readonly queue: string })[]): Line[] {
  return figures.flatMap((figure) => {
    const own = readings.filter(({ id }) => id === figure.id);
    const queues = [...new Set(own.map(({ queue }) => queue))];
    return queues.map((queue) =>
      lineOf(
        figure,
        queue,
        own.filter((reading) => reading.queue === queue),
      ),
    );
  });
}

function lineOf(figure: Figure, queue: string, rounds: readonly Reading[]): Line {
  const { value, raw, ours, note, rounds: count } = overRounds(rounds);
  return { id: figure.id, queue, rounds: count, value, raw, ours, mark: markOf(figure, value), note };
}

/** The table people read, then a line for each note. */
export function ratioTable(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const { floor, target, worldClass, better, unit } = figureOf(line.id);
    const sign = better === 'higher' ? '≥' : '≤';
    return [
      line.id,
      line.queue,
      withUnit(line.value, unit),
      line.raw ? quantity(line.raw.value) : '',
      line.ours === undefined ? '' : quantity(line.ours),
      `${sign}${quantity(floor)}`,
      `${sign}${quantity(target)}`,
      `${sign}${quantity(worldClass)}`,
      line.mark,
    ];
  });
  const header = ['figure', 'queue', 'value', 'raw', 'ours', 'floor', 'target', 'world-class', 'reached'];
  const notes = lines.map((line) => {
    const { what } = figureOf(line.id);
    return `${line.id}: ${what}${line.raw ? `; raw: ${line.raw.what}` : ''}${line.note ? `; ${line.note}` : ''}`;
  });
  return `${table(header, rows)}\n\n${[...new Set(notes)].join('\n')}`;
}

/** Two significant digits are enough to compare; large counts keep their digits in groups. */
export function quantity(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number.isInteger(value) ? String(value) : short(value);
}

function withUnit(value: number, unit: Figure['unit']): string {
  return unit === '' ? quantity(value) : `${quantity(value)} ${unit}`;
}

/** How the run ended, in one line that scripts can look for. */
export function closingLine(lines: readonly Line[], failed: readonly string[]): string {
  const count = (mark: Line['mark']) => lines.filter((line) => line.mark === mark).length;
  const marks = (['world-class', 'target', 'floor', 'below the floor'] as const).map(
    (mark) => `${count(mark)} ${mark}`,
  );
  const broken = failed.length === 0 ? '' : `; could not be measured: ${failed.join(', ')}`;
  return `${lines.length} figures: ${marks.join(', ')}${broken}`;
}
