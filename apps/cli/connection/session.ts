import { type Client, createClient } from '#contracts';
import type { Context } from '../context.js';
import { usage } from '../failure.js';
import { harmlessDeep } from '../render/style.js';
import { type FoundKey, findKey, noKey } from './find-key.js';
import { translate } from './translate.js';

export const DEFAULT_URL = 'http://127.0.0.1:3000';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** One run of the command: where Sluice is, and how to answer. */
export class Session {
  readonly json: boolean;
  readonly url: string;
  private found: FoundKey | undefined;

  constructor(
    readonly context: Context,
    private readonly options: GlobalOptions,
  ) {
    this.json = options.json ?? false;
    this.url = readUrl(options.url ?? context.environment.url ?? DEFAULT_URL);
  }

  get screen() {
    return this.context.screen;
  }

  get style() {
    return this.context.screen.style;
  }

  async key(): Promise<FoundKey | undefined> {
    const { environment, cwd } = this.context;
    this.found ??= await findKey({
      option: this.options.key,
      variable: environment.apiKey,
      dataDir: environment.dataDir,
      cwd,
    });
    return this.found;
  }

  /** Throws `Failure` when there is no key. */
  async client(): Promise<Client> {
    const key = await this.key();
    if (!key) throw noKey(this.url);
    const { clock } = this.context;
    const client = createClient({
      baseUrl: this.url,
      apiKey: key.key,
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
    });
    return harmlessClient(client);
  }

  explain(error: unknown): unknown {
    return translate(error, this.url, this.found?.from);
  }
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw usage(
      `"${text}" is not the address of a Sluice.`,
      'Give one such as https://sluice.example.com, in --url or SLUICE_URL.',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** Answers hold texts that others wrote; they are made safe for terminals here, where all of them pass. */
function harmlessClient(client: Client): Client {
  const wrapped = Object.entries(client).map(([name, method]) => [
    name,
    async (...args: unknown[]) => harmlessDeep(await (method as (...input: unknown[]) => Promise<unknown>)(...args)),
  ]);
  async function* watchDeployment(...args: Parameters<Client['watchDeployment']>) {
    for await (const message of client.watchDeployment(...args)) yield harmlessDeep(message);
  }
  return { ...(Object.fromEntries(wrapped) as Client), watchDeployment };
}
