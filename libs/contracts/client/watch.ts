import { createParser } from 'eventsource-parser';
import { changeMessage, stateMessage, type WatchMessage } from '../events.js';
import { type Connection, send, urlOf } from './call.js';
import { type Sleep } from './clock.js';
import { ApiProblem, ApiUnreachable } from './failures.js';

export interface WatchOptions {
  /** Only what comes after this sequence; 0 (the default) tells the whole history first. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /** Told before each attempt to connect again. */
  readonly onReconnect?: (attempt: number, waitMs: number) => void;
  /** How many attempts in a row may fail before the watch gives up; endless when absent. */
  readonly maxAttempts?: number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** Far above any real message: a peer that never ends a line must not fill the memory. */
const MAX_BUFFER_CHARACTERS = 4 * 1024 * 1024;

/**
 * Everything that happens to a deployment until its end. Connections that break are opened again and resume after the
 * last event received, so every event comes exactly once and in order. A refusal (`ApiProblem`) other than "not now"
 * ends the watch by throwing.
 */
export async function* watchDeployment(
  connection: Connection,
  id: string,
  sleep: Sleep,
  options: WatchOptions = {},
): AsyncGenerator<WatchMessage, void, undefined> {
  let last = options.after ?? 0;
  let failures = 0;
  while (!options.signal?.aborted) {
    try {
      for await (const message of streamOnce(connection, id, last, options.signal)) {
        failures = 0;
        if (message.kind === 'change') {
          if (message.event.sequence <= last) continue;
          last = message.event.sequence;
        }
        yield message;
        if (message.kind === 'end') return;
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      failures += 1;
      if (isFinal(error) || failures >= (options.maxAttempts ?? Number.POSITIVE_INFINITY)) throw error;
    }
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(10, failures));
    options.onReconnect?.(failures, waitMs);
    await sleep(waitMs, options.signal);
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof ApiProblem && error.status < 500 && error.status !== 429;
}

async function* streamOnce(
  connection: Connection,
  id: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchMessage> {
  const url = urlOf(connection, 'listEvents', { params: { id } });
  const headers = { accept: 'text/event-stream', ...(after > 0 ? { 'last-event-id': String(after) } : {}) };
  const answer = await send(connection, { method: 'GET', url, headers, signal });
  if (!answer.body || !answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new ApiUnreachable(url, `What answers at ${url} does not stream events.`);
  }
  const ready: WatchMessage[] = [];
  const parser = createParser({
    maxBufferSize: MAX_BUFFER_CHARACTERS,
    onEvent({ event, data }) {
      const message = readMessage(event, data);
      if (message) ready.push(message);
    },
  });
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new ApiUnreachable(url, 'The stream of events broke off.', { cause });
      });
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Messages of kinds this client does not know are skipped: a newer server may send more. */
function readMessage(event: string | undefined, data: string): WatchMessage | undefined {
  switch (event) {
    case 'change':
      return { kind: 'change', ...changeMessage.parse(JSON.parse(data)) };
    case 'evidence':
      return { kind: 'evidence', ...stateMessage.parse(JSON.parse(data)) };
    case 'end':
      return { kind: 'end', ...stateMessage.parse(JSON.parse(data)) };
    default:
      return undefined;
  }
}
