import type { Clock, Logger } from '#runtime';

/** Long enough that an outage of minutes leaves a handful of lines, short enough that it is seen to last. */
const REPEAT_AFTER_MS = 30_000;

/**
 * Writes the same trouble once per 30 s. Connections report every failed attempt, several times a second, and an outage
 * must not fill the disk.
 */
export class ErrorLog {
  private readonly lastSaid = new Map<string, number>();

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  say(sentence: string, error: unknown): void {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const key = `${sentence}|${reason}`;
    const now = this.clock.monotonic();
    const last = this.lastSaid.get(key);
    if (last !== undefined && now - last < REPEAT_AFTER_MS) return;
    if (this.lastSaid.size > 100) this.lastSaid.clear();
    this.lastSaid.set(key, now);
    this.logger.warn({ reason }, sentence);
  }
}
