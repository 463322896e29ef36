type Listener = Parameters<AbortSignal['addEventListener']>[1];

const cut = new Error('This operation was aborted.');

/**
 * What the services use of `AbortController`, without the machinery of an `EventTarget`: Node gives each signal a hidden
 * class of its own, and a schedule makes a dozen of them. Listeners are told at once and in their order, as there.
 */
export class PlainController {
  readonly signal = new PlainSignal() as unknown as AbortSignal;

  abort(reason: unknown = cut): void {
    (this.signal as unknown as PlainSignal).abort(reason);
  }
}

class PlainSignal {
  aborted = false;
  reason: unknown;
  private listeners: (() => void)[] = [];

  addEventListener(type: string, listener: Listener): void {
    // A schedule must not run on signals that do less than its services ask for.
    if (type !== 'abort' || typeof listener !== 'function') throw new TypeError(`No signal tells of "${type}" so.`);
    if (!this.aborted && !this.listeners.includes(listener as () => void)) this.listeners.push(listener as () => void);
  }

  removeEventListener(_type: string, listener: Listener): void {
    const index = this.listeners.indexOf(listener as () => void);
    if (index >= 0) this.listeners.splice(index, 1);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** It happens once, so whoever listened need not be remembered. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.listeners]) if (this.listeners.includes(listener)) listener();
    this.listeners = [];
  }
}

/** `AbortSignal.any`. */
export function joined(signals: Iterable<AbortSignal>): AbortSignal {
  const distinct = [...new Set(signals)];
  const [only, another] = distinct;
  if (only && !another) return only;
  const both = new AbortController();
  for (const signal of distinct) {
    if (signal.aborted) both.abort(signal.reason);
    else signal.addEventListener('abort', () => both.abort(signal.reason));
  }
  return both.signal;
}
