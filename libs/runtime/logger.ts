import { writeSync } from 'node:fs';
import { type Logger as PinoLogger, pino, symbols } from 'pino';
import { traceId } from './tracing.js';

/** Structured log lines. The first argument holds the facts, the second one plain sentence. */
export interface Logger {
  debug(facts: object, sentence: string): void;
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
  error(facts: object, sentence: string): void;
  child(facts: object): Logger;
}

/** Fields that never reach a log line, wherever in `facts` they stand (two levels deep). */
const SECRET_FIELDS = [
  'authorization',
  'apiKey',
  'secret',
  'token',
  'password',
  'databaseUrl',
  'redisUrl',
  'environment',
];
const SECRET = new Set(SECRET_FIELDS);
/** `facts` itself and two levels below it. */
const DEPTH = 3;

/** JSON lines on standard output (or on `out`), one per event; secrets are masked by field name. */
export function createLogger(options: { level: string; name: string; out?: NodeJS.WritableStream }): Logger {
  const settings = {
    name: options.name,
    level: options.level,
    // A line that is written inside a span says which trace it belongs to.
    mixin: () => {
      const id = traceId();
      return id === undefined ? {} : { traceId: id };
    },
  };
  const out = options.out ?? turnByTurn();
  const redact = { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[masked]' };
  return choosing(pino({ ...settings, redact }, out), pino(settings, out));
}

/** Masking a line costs several times what writing it does, so only lines that hold something to mask go that way. */
function choosing(masking: PinoLogger, plain: PinoLogger): Logger {
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (facts: object, sentence: string) => {
    if (!plain.isLevelEnabled(level)) return;
    (holdsSecret(facts, DEPTH) ? masking : plain)[level](facts, sentence);
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child(facts) {
      const masked = masking.child(facts);
      return choosing(masked, holdsSecret(facts, DEPTH) ? masked : plain.child(facts));
    },
  };
}

function holdsSecret(facts: object, depth: number): boolean {
  for (const [field, value] of Object.entries(facts)) {
    if (SECRET.has(field)) return true;
    if (depth > 1 && typeof value === 'object' && value !== null && holdsSecret(value, depth - 1)) return true;
  }
  return false;
}

/**
 * Standard output, written once for each turn of the event loop in which something was said: a busy process answers many
 * requests in one turn, and each write is a trip to another thread and into the kernel. What was said before the process
 * ends is written before it ends.
 */
function turnByTurn(): { write(line: string): void } {
  const out = standardOutput();
  let kept = '';
  const hand = () => {
    out.write(kept);
    kept = '';
  };
  process.on('exit', () => {
    out.flushSync();
    writeAll(kept);
  });
  return {
    write(line) {
      if (kept === '') setImmediate(hand);
      kept += line;
    },
  };
}

/** For the end of a process, when nothing that is begun would be waited for. A pipe that is full is waited for. */
function writeAll(lines: string): void {
  let rest = Buffer.from(lines);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // Whoever read it has gone: there is nobody left to tell.
      if ((error as { code?: string }).code !== 'EAGAIN') return;
    }
  }
}

/** pino's own way to standard output: it goes on by itself while a write is under way, and takes up what a pipe did not. */
function standardOutput(): { write(lines: string): void; flushSync(): void } {
  const stream = (pino() as unknown as Record<symbol, unknown>)[symbols.streamSym];
  return stream as { write(lines: string): void; flushSync(): void };
}

/** Says nothing: for tests and one-shot commands. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
