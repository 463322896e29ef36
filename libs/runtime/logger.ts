import { pino } from 'pino';
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
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[masked]' },
  };
  return (options.out ? pino(settings, options.out) : pino(settings)) as unknown as Logger;
}

/** Says nothing: for tests and one-shot commands. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
