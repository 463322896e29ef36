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

/** A session that has ended, whatever its credentials said about how long they are good for. */
const ENDED_SESSION = new Set(['ExpiredTokenException', 'ExpiredToken']);

/**
 * One SDK client per account and region, made when first needed and kept: a client holds the connections and the
 * resolved credentials, so a new one per call would pay a TLS handshake each time. The SDK fetches fresh credentials
 * shortly before theirs run out, and not when AWS says that they already have: then the client itself is replaced.
 */
export class ClientCache<C extends ObservableClient> {
  private readonly clients = new Map<string, C>();
  /** Replaced, but calls may still be under way on them. */
  private readonly retired: C[] = [];

  constructor(
    private readonly connection: AwsConnection,
    private readonly make: (settings: ClientSettings) => C,
    private readonly credentialsKnown: boolean = hasCredentialsInEnvironment(),
  ) {}

  for(address: { accountId: string; region: string }): C {
    const key = `${address.accountId}/${address.region}`;
    const known = this.clients.get(key);
    if (known) return known;
    const made = this.make(this.settings(address));
    this.clients.set(key, made);
    const stack = made.middlewareStack as Stack | undefined;
    stack?.add((next) => (args) => next(args).catch((error: unknown) => this.failed(key, made, error)), {
      step: 'initialize',
      priority: 'high',
      name: 'sluiceEndedSession',
    });
    return made;
  }

  private failed(key: string, client: C, error: unknown): never {
    if (ENDED_SESSION.has((error as Error).name) && this.clients.get(key) === client) {
      this.clients.delete(key);
      this.retired.push(client);
    }
    throw error;
  }

  close(): void {
    for (const client of [...this.clients.values(), ...this.retired.splice(0)]) client.destroy();
    this.clients.clear();
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
