import type { LambdaClientConfig } from '@aws-sdk/client-lambda';
import type { CallObserver } from './call.js';
import { hasCredentialsInEnvironment } from './config.js';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where AWS is and who we are there. Nothing given = real AWS with the SDK's default credential chain. */
export interface AwsConnection {
  /** Another endpoint that behaves like AWS, such as the emulator: used for every region. */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Told of every call once it is over. Must not throw. */
  readonly onCall?: CallObserver;
}

/** What an SDK client is made from. */
export type ClientSettings = Pick<
  LambdaClientConfig,
  'region' | 'maxAttempts' | 'endpoint' | 'credentials' | 'requestHandler'
>;

/** An SDK client, or what stands for one in a test. */
interface ObservableClient {
  destroy(): void;
  readonly middlewareStack?: object;
}

/** Every SDK client has a stack of its own type; this much of it is the same for all. */
interface Stack {
  add(
    middleware: (next: (args: unknown) => Promise<unknown>) => (args: unknown) => Promise<unknown>,
    options: { step: 'initialize'; priority: 'high'; name: string },
  ): void;
}

/**
 * Accounts and regions whose clients are kept. Each holds its connections and its session: one that is made anew asks
 * STS for another, so this is far beyond what an organisation goes round in, and only bounds the memory.
 */
const MOST_KEPT = 1_000;

/** A session that has ended, whatever its credentials said about how long they are good for. */
const ENDED_SESSION = new Set(['ExpiredTokenException', 'ExpiredToken']);

/** A client and the calls that are under way on it. */
interface Kept<C> {
  readonly client: C;
  underWay: number;
  /** Nobody is given it any more: its connections are closed once nothing is under way. */
  retired: boolean;
}

/**
 * One SDK client per account and region, made when first needed and kept: a client holds the connections and the
 * resolved credentials, so a new one per call would pay a TLS handshake each time. Beyond `most` the one that was wanted
 * longest ago goes. The SDK fetches fresh credentials shortly before theirs run out, and not when AWS says that they
 * already have: then the client itself is replaced.
 */
export class ClientCache<C extends ObservableClient> {
  /** The least recently wanted first. */
  private readonly clients = new Map<string, Kept<C>>();
  /** Replaced, but calls are still under way on them. */
  private readonly retired = new Set<Kept<C>>();

  constructor(
    private readonly connection: AwsConnection,
    private readonly make: (settings: ClientSettings) => C,
    private readonly credentialsKnown: boolean = hasCredentialsInEnvironment(),
    private readonly most: number = MOST_KEPT,
  ) {}

  /** To be called with at once: a client that is kept for later may be closed by then. */
  for(address: { accountId: string; region: string }): C {
    const key = `${address.accountId}/${address.region}`;
    const kept = this.clients.get(key) ?? this.open(key, address);
    this.clients.delete(key);
    this.clients.set(key, kept);
    for (const oldest of this.clients.keys()) {
      if (this.clients.size <= this.most) break;
      this.retire(oldest);
    }
    return kept.client;
  }

  close(): void {
    for (const { client } of [...this.clients.values(), ...this.retired]) client.destroy();
    this.clients.clear();
    this.retired.clear();
  }

  private open(key: string, address: { accountId: string; region: string }): Kept<C> {
    const kept: Kept<C> = { client: this.make(this.settings(address)), underWay: 0, retired: false };
    const stack = kept.client.middlewareStack as Stack | undefined;
    stack?.add((next) => (args) => this.call(key, kept, () => next(args)), {
      step: 'initialize',
      priority: 'high',
      name: 'sluiceCalls',
    });
    return kept;
  }

  private async call(key: string, kept: Kept<C>, send: () => Promise<unknown>): Promise<unknown> {
    kept.underWay += 1;
    try {
      return await send();
    } catch (error) {
      if (ENDED_SESSION.has((error as Error).name) && this.clients.get(key) === kept) this.retire(key);
      throw error;
    } finally {
      kept.underWay -= 1;
      if (kept.retired) this.closeIdle(kept);
    }
  }

  private retire(key: string): void {
    const kept = this.clients.get(key);
    if (!kept) return;
    this.clients.delete(key);
    kept.retired = true;
    this.retired.add(kept);
    // Whoever was given it in this moment begins its call before this.
    queueMicrotask(() => this.closeIdle(kept));
  }

  private closeIdle(kept: Kept<C>): void {
    if (kept.underWay === 0 && this.retired.delete(kept)) kept.client.destroy();
  }

  private settings(address: { accountId: string; region: string }): ClientSettings {
    const { endpoint, credentials } = this.connection;
    return {
      region: address.region,
      // Whether to repeat a call is decided by the worker, which knows the fence and the budget; the SDK knows neither.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 2_000, httpAgent: { maxSockets: 100 }, httpsAgent: { maxSockets: 100 } },
      ...(endpoint ? { endpoint } : {}),
      ...(credentials ? { credentials } : {}),
      ...(endpoint && !credentials && !this.credentialsKnown
        ? { credentials: placeholderCredentials(address.accountId) }
        : {}),
    };
  }
}

/** SigV4 carries no account id, so an emulator that serves several accounts tells them apart by the access key. */
function placeholderCredentials(accountId: string): AwsCredentials {
  return { accessKeyId: accountId, secretAccessKey: 'not-a-secret' };
}
