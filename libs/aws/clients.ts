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

/**
 * One SDK client per account and region, made when first needed and kept: a client holds the connections and the
 * resolved credentials, so a new one per call would pay a TLS handshake each time.
 */
export class ClientCache<C extends { destroy(): void }> {
  private readonly clients = new Map<string, C>();

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
    return made;
  }

  close(): void {
    for (const client of this.clients.values()) client.destroy();
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
