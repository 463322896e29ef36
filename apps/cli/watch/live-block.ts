import type { Screen } from '../context.js';
import { clip } from '../render/style.js';

const UP = (lines: number) => (lines > 0 ? `\u001b[${lines}A` : '');
const ERASE_BELOW = '\u001b[J';

/** The last lines of a terminal, redrawn in place; what is printed above them stays. */
export class LiveBlock {
  private height = 0;

  constructor(private readonly screen: Screen) {}

  draw(lines: readonly string[]): void {
    const { style } = this.screen;
    // A line that wraps would make the block higher than counted, and the next redraw would eat what stands above.
    const shown = lines.map((line) => clip(style, line, (style.columns ?? 80) - 1));
    this.screen.out(`${this.eraser()}${shown.map((line) => `${line}\n`).join('')}`);
    this.height = shown.length;
  }

  /** Prints lines that stay, above the block. The block has to be drawn again afterwards. */
  printAbove(lines: readonly string[]): void {
    this.screen.out(`${this.eraser()}${lines.map((line) => `${line}\n`).join('')}`);
    this.height = 0;
  }

  erase(): void {
    this.screen.out(this.eraser());
    this.height = 0;
  }

  private eraser(): string {
    return this.height > 0 ? `\r${UP(this.height)}${ERASE_BELOW}` : '';
  }
}
