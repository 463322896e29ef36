import type { Fault, LogLine, LogsReader, Outcome } from '#aws';

/** Payloads that a function has marked in its own log, for whoever may send them to it again. */
export interface LoggedPayloads {
  /** Newest first, each once. */
  readonly payloads: readonly unknown[];
  /** Marked lines that hold no payload, or one larger than may be sent. */
  readonly unusable: number;
}

export interface PayloadWish {
  readonly accountId: string;
  readonly region: string;
  readonly logGroup: string;
  /** As many at most. */
  readonly most: number;
  /** Now, in milliseconds: nothing older than a day is looked at. */
  readonly nowMs: number;
}

/** The mark a function's owner writes: `{"sluice": "probe-payload", "payload": …}`. */
const MARK = 'probe-payload';

/** As a line of its own, or as the message of a function whose log format is JSON. */
const PATTERN = `{ ($.sluice = "${MARK}") || ($.message.sluice = "${MARK}") }`;

const LARGEST_BYTES = 32 * 1024;
/** As much as a deployment may bring along itself. */
const MOST_BYTES = 96 * 1024;

const MINUTE = 60_000;
/** CloudWatch Logs hands out the oldest lines first, so the newest are looked for in short spans, going back. */
const SPANS = [5 * MINUTE, 60 * MINUTE, 6 * 60 * MINUTE, 24 * 60 * MINUTE];
const PAGES_PER_SPAN = 10;

/** The newest different payloads of the last day. A log that cannot be read is a fault, and not an empty one. */
export async function readLoggedPayloads(
  reader: LogsReader,
  wish: PayloadWish,
  call: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Outcome<LoggedPayloads>> {
  const { nowMs, most, logGroup } = wish;
  const found = new Collected(most);
  // The clocks of this process and of the log may differ by a little.
  let toMs = nowMs + MINUTE;
  for (const back of SPANS) {
    const query = { logGroup, filterPattern: PATTERN, fromMs: nowMs - back, toMs, maxPages: PAGES_PER_SPAN };
    const outcome = await reader.filterLogEvents(wish, query, call);
    if (!outcome.ok) return outcome;
    found.add(outcome.value.lines);
    if (found.full) break;
    toMs = nowMs - back - 1;
  }
  return { ok: true, value: { payloads: found.payloads, unusable: found.unusable } };
}

/** What to say when a function's log gave nothing to send, in a sentence without a word of what was in it. */
export function whyNoPayloads(outcome: Outcome<LoggedPayloads>, logGroup: string): string | undefined {
  if (!outcome.ok) return `No probe was sent: ${unread(outcome.fault, logGroup)}`;
  const { payloads, unusable } = outcome.value;
  if (payloads.length > 0) return undefined;
  const those = `No probe was sent: the log group ${logGroup} holds no line of the last day marked "sluice": "${MARK}"`;
  return unusable === 0 ? `${those}.` : `${those} with a payload of at most 32 KB (${unusable} marked without).`;
}

function unread(fault: Fault, logGroup: string): string {
  if (fault.code === 'not_found') return `there is no log group ${logGroup}.`;
  return `the log group ${logGroup} could not be read. ${fault.public}`;
}

class Collected {
  readonly payloads: unknown[] = [];
  unusable = 0;
  full = false;
  private readonly known = new Set<string>();
  private bytes = 0;

  constructor(private readonly most: number) {}

  add(lines: readonly LogLine[]): void {
    for (const line of [...lines].sort((a, b) => b.timestampMs - a.timestampMs)) {
      if (this.full) return;
      this.one(line);
    }
  }

  private one({ message }: LogLine): void {
    const payload = payloadOf(message);
    const text = JSON.stringify(payload);
    const size = text === undefined ? 0 : new TextEncoder().encode(text).length;
    if (text === undefined || size > LARGEST_BYTES) {
      this.unusable += 1;
      return;
    }
    if (this.known.has(text)) return;
    if (this.bytes + size > MOST_BYTES) {
      this.full = true;
      return;
    }
    this.known.add(text);
    this.bytes += size;
    this.payloads.push(payload);
    this.full = this.payloads.length >= this.most;
  }
}

/** Undefined when the line is marked and brings none. */
function payloadOf(message: string): unknown {
  try {
    const line = JSON.parse(message) as Marked & { readonly message?: Marked };
    return line.sluice === MARK ? line.payload : line.message?.payload;
  } catch {
    return undefined;
  }
}

interface Marked {
  readonly sluice?: unknown;
  readonly payload?: unknown;
}
