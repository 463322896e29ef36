import { pino } from 'pino';

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

/** JSON lines on standard output, one per event; secrets are masked by field name. */
export function createLogger(options: { level: string; name: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[masked]' },
  }) as unknown as Logger;
}

/** Says nothing: for tests and one-shot commands. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
