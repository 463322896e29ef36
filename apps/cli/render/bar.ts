import { ink, type Style } from './style.js';

const CELLS = 20;
const FULL = '█';
/** Eighths of a cell, so that 1 % can be told from nothing. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A share of the traffic, 0 to 100, as a bar of fixed width. Anything above nothing shows at least a mark. */
export function bar(style: Style, percent: number, colour: 'green' | 'yellow' | 'red'): string {
  const share = Math.min(100, Math.max(0, percent)) / 100;
  if (!style.unicode) {
    const filled = share > 0 ? Math.max(1, Math.round(share * CELLS)) : 0;
    const shown = share < 1 ? Math.min(filled, CELLS - 1) : filled;
    return `[${'#'.repeat(shown)}${'.'.repeat(CELLS - shown)}]`;
  }
  const eighths = share > 0 ? Math.max(1, Math.round(share * CELLS * 8)) : 0;
  const whole = Math.floor(eighths / 8);
  const filled = FULL.repeat(whole) + (PARTS[eighths % 8] ?? '');
  const rest = '░'.repeat(CELLS - whole - (eighths % 8 ? 1 : 0));
  return ink(style, colour, filled) + ink(style, 'dim', rest);
}
