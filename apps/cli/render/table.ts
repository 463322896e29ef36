import { ink, type Style, widthOf } from './style.js';

/** Columns padded to their widest cell, two spaces between; the last one is not padded. */
export function table(style: Style, header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd();
  return [ink(style, 'bold', line(header)), ...rows.map(line)];
}

/** `Label   value` lines with the labels in one column; values without text are left out. */
export function facts(
  style: Style,
  entries: readonly (readonly [label: string, value: string | undefined])[],
): string[] {
  const shown = entries.filter((entry): entry is readonly [string, string] => Boolean(entry[1]));
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `  ${ink(style, 'dim', label.padEnd(width))}  ${value}`);
}
