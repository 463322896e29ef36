import type { Clock } from './clock.js';
import type { Environment } from './config.js';
import { fold, ink, plainStyle, type Style } from './render/style.js';

/** What a command may touch of the world. Tests give their own. */
export interface Context {
  readonly environment: Environment;
  readonly cwd: string;
  readonly clock: Clock;
  readonly screen: Screen;
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** Where output goes: answers to `out`, everything about the work itself to `err`, so that pipes get answers only. */
export interface Screen {
  out(text: string): void;
  err(text: string): void;
  readonly style: Style;
  readonly errStyle: Style;
  /** Whether lines already printed can be redrawn. */
  readonly redraws: boolean;
}

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

const DEFAULT_COLUMNS = 80;

export function createScreen(out: Stream, err: Stream, environment: Environment): Screen {
  const plain = environment.noColor || environment.dumbTerminal;
  const styleOf = (stream: Stream): Style => {
    if (!stream.isTTY) return plainStyle;
    const columns = stream.columns || DEFAULT_COLUMNS;
    return plain ? { ...plainStyle, columns } : { colour: true, unicode: environment.unicode, columns };
  };
  return {
    out: (text) => void out.write(text),
    err: (text) => void err.write(text),
    get style() {
      return styleOf(out);
    },
    get errStyle() {
      return styleOf(err);
    },
    redraws: out.isTTY === true && !plain,
  };
}

export function printLines(screen: Screen, lines: readonly string[]): void {
  for (const line of lines) screen.out(`${line}\n`);
}

/** One JSON document per call: what `--json` promises. */
export function printJson(screen: Screen, value: unknown): void {
  screen.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** A remark about the work, beside the answer. */
export function note(screen: Screen, sentence: string): void {
  screen.err(`${ink(screen.errStyle, 'dim', fold(screen.errStyle, sentence))}\n`);
}
