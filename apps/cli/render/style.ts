/** How text may look where it goes. Plain: no colours, no cursor movement, nothing beyond ASCII of our own. */
export interface Style {
  readonly colour: boolean;
  readonly unicode: boolean;
  /** Width to fit lines into; `undefined` when nobody looks at lines (a file, a pipe). */
  readonly columns: number | undefined;
}

export const plainStyle: Style = { colour: false, unicode: false, columns: undefined };

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Ink = keyof typeof codes;

export function ink(style: Style, colour: Ink, text: string): string {
  return style.colour && text ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

/**
 * Makes text that others wrote safe to print: a commit message or a function's name must not move the cursor or repaint
 * what stands above it. Line breaks become spaces.
 */
export function harmless(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** Every text inside an answer made harmless, once, at the door. */
export function harmlessDeep<T>(value: T): T {
  if (typeof value === 'string') return harmless(value) as T;
  if (Array.isArray(value)) return value.map(harmlessDeep) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [harmless(key), harmlessDeep(entry)])) as T;
}

const ASCII: readonly [RegExp, string][] = [
  [/[‘’‚′]/g, "'"],
  [/[“”„″]/g, '"'],
  [/[–—‐‑−]/g, '-'],
  [/…/g, '...'],
  [/→/g, '->'],
  [/←/g, '<-'],
  [/[·•]/g, '-'],
  [/×/g, 'x'],
  [/≤/g, '<='],
  [/≥/g, '>='],
  [/[\u00a0\u2009\u202f]/g, ' '],
];

/** Typography folded to ASCII where the terminal may not show it; letters of people's languages stay. */
export function fold(style: Style, text: string): string {
  return style.unicode ? text : ASCII.reduce((folded, [pattern, ascii]) => folded.replace(pattern, ascii), text);
}

const ANSI = /\u001b\[[0-9;]*m/g;

/** Characters on the screen, colours not counted. */
export function widthOf(text: string): number {
  return [...text.replace(ANSI, '')].length;
}

/** Cuts a line to `columns`, keeping its colours balanced. */
export function clip(style: Style, text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const ellipsis = style.unicode ? '…' : '...';
  let room = columns - widthOf(ellipsis);
  let cut = '';
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) {
      cut += part;
      continue;
    }
    const shown = [...part].slice(0, Math.max(0, room));
    room -= shown.length;
    cut += shown.join('');
  }
  return cut + ellipsis;
}

/** Breaks a sentence into lines of at most `columns`, at spaces; a longer word keeps its own line. */
export function wrap(text: string, columns: number | undefined): string[] {
  if (columns === undefined || text.length <= columns) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line];
}
