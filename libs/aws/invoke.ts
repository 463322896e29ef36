import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Clock, systemClock } from '#runtime';
import type { CallOptions, FunctionAddress } from './address.js';
import { attempt } from './call.js';
import { type AwsConnection, ClientCache } from './clients.js';
import { failed, fault, type Outcome, succeeded } from './faults.js';

/** One invocation that ended, well or badly. Answer and log are for comparing only: they may hold anybody's data. */
export interface InvocationReading {
  /** The handler threw, ran out of time or memory, or never came up. */
  readonly failed: boolean;
  /** What the handler answered, or Lambda's description of the failure; undefined when it is no JSON. */
  readonly answer: unknown;
  /** The last 4 KB of the invocation's log. */
  readonly logTail: string;
}

/**
 * Invokes one version by its number. `Invoke` is no call of the control plane: its limit is the function's concurrency,
 * and it takes nothing of the 15 calls a second.
 */
export interface Invoker {
  invoke(fn: FunctionAddress, version: string, payload: string, call: CallOptions): Promise<Outcome<InvocationReading>>;
  close(): void;
}

export function createInvoker(options: AwsConnection & { readonly clock?: Clock } = {}): Invoker {
  return new SdkInvoker(options);
}

class SdkInvoker implements Invoker {
  private readonly clock: Clock;
  private readonly clients: ClientCache<LambdaClient>;

  constructor(options: AwsConnection & { readonly clock?: Clock }) {
    this.clock = options.clock ?? systemClock;
    this.clients = new ClientCache(options, (settings) => new LambdaClient(settings));
  }

  async invoke(
    fn: FunctionAddress,
    version: string,
    payload: string,
    call: CallOptions,
  ): Promise<Outcome<InvocationReading>> {
    const command = new InvokeCommand({
      FunctionName: fn.functionName,
      Qualifier: version,
      InvocationType: 'RequestResponse',
      LogType: 'Tail',
      Payload: Buffer.from(payload),
    });
    const answer = await attempt(
      this.clock,
      command as unknown as Parameters<typeof attempt>[1],
      // What it may change is the function's own affair, and its target is marked safe for it: it may be sent again.
      { operation: 'Invoke', kind: 'read' },
      call,
      (abortSignal) => this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    const { FunctionError, Payload, LogResult, ExecutedVersion } = answer.value;
    if (ExecutedVersion !== undefined && ExecutedVersion !== version) {
      const internal = `Invoke: version ${ExecutedVersion} answered for version ${version}.`;
      return failed(fault('malformed_answer', 'again', { internal }));
    }
    return succeeded({
      failed: FunctionError !== undefined,
      answer: readJson(Payload),
      logTail: Buffer.from(LogResult ?? '', 'base64').toString('utf8'),
    });
  }

  close(): void {
    this.clients.close();
  }
}

function readJson(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));
  } catch {
    return undefined;
  }
}
