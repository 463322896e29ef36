import { type Clock, traced } from '#runtime';
import type { CallOptions } from './address.js';
import { type Attempt, classifyFault } from './classify-fault.js';
import { type Fault, failed, type Outcome, succeeded } from './faults.js';

/** The part of an SDK command that lets us see the moment it leaves. */
interface ObservableCommand {
  readonly middlewareStack: {
    add(
      middleware: (next: (args: never) => Promise<never>) => (args: never) => Promise<never>,
      options: { step: 'deserialize'; priority: 'low'; name: string },
    ): void;
  };
}

/** One call as it went, for whoever counts them. */
export interface CallMade {
  /** Lambda's own name of the operation, such as `UpdateAlias`. */
  readonly operation: string;
  readonly seconds: number;
  /** Absent: AWS did what was asked. */
  readonly fault?: Fault;
  /** The call was told of before; only then it was seen that its answer is of no use. */
  readonly answered?: true;
}

export type CallObserver = (call: CallMade) => void;

export interface AttemptInfo extends Pick<Attempt, 'operation' | 'kind' | 'secrets'> {
  readonly onCall?: CallObserver | undefined;
}

/**
 * Runs one SDK call under one deadline and turns whatever happens into an outcome. The deadline covers everything the
 * SDK does (credentials, connection, answer), because a lease that ends while credentials are fetched ends all the same.
 */
export async function attempt<T>(
  clock: Clock,
  command: ObservableCommand,
  info: AttemptInfo,
  call: CallOptions,
  send: (abortSignal: AbortSignal) => Promise<T>,
): Promise<Outcome<T>> {
  const startedAt = clock.monotonic();
  const attributes = { 'rpc.system': 'aws-api', 'rpc.method': info.operation };
  const outcome = await traced(`AWS ${info.operation}`, { kind: 'client', attributes }, async (span) => {
    const answer = await attemptOnce(clock, command, info, call, send);
    if (!answer.ok) span.fail(answer.fault.code);
    return answer;
  });
  const seconds = (clock.monotonic() - startedAt) / 1000;
  info.onCall?.({ operation: info.operation, seconds, ...(outcome.ok ? {} : { fault: outcome.fault }) });
  return outcome;
}

async function attemptOnce<T>(
  clock: Clock,
  command: ObservableCommand,
  info: AttemptInfo,
  call: CallOptions,
  send: (abortSignal: AbortSignal) => Promise<T>,
): Promise<Outcome<T>> {
  const startedAt = clock.monotonic();
  let sent = false;
  // The last middleware before the connection, after the signature: when it runs, bytes may leave; until then they
  // certainly have not. A process that stood still until the deadline has passed lets none of them go.
  command.middlewareStack.add(
    (next) => (args) => {
      if (clock.monotonic() - startedAt >= call.timeoutMs) cutShort('deadline');
      if (cut.signal.aborted) throw new Error('The call was cut short before it was sent.');
      sent = true;
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'sluiceSentMark' },
  );
  const cut = new AbortController();
  const settled = new AbortController();
  let cutShortBy: Attempt['cutShortBy'];
  const cutShort = (by: NonNullable<Attempt['cutShortBy']>) => {
    cutShortBy ??= by;
    cut.abort();
  };
  const onCallerAbort = () => cutShort('caller');
  if (call.signal?.aborted) onCallerAbort();
  else call.signal?.addEventListener('abort', onCallerAbort, { once: true });
  if (call.timeoutMs <= 0) cutShort('deadline');
  else void clock.sleep(call.timeoutMs, settled.signal).then(() => settled.signal.aborted || cutShort('deadline'));
  try {
    if (cut.signal.aborted) throw new Error('The call was cut short before it was sent.');
    return succeeded(await raceAbort(send(cut.signal), cut.signal));
  } catch (error) {
    return failed(classifyFault(error, { ...info, sent, ...(cutShortBy ? { cutShortBy } : {}) }));
  } finally {
    settled.abort();
    call.signal?.removeEventListener('abort', onCallerAbort);
  }
}

/** The SDK does not look at the signal while it resolves credentials, so the deadline is enforced here as well. */
function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error('The call was cut short.'));
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
