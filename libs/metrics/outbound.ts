import { lookup as resolve } from 'node:dns/promises';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { type Clock, systemClock } from '#runtime';

/** One request to a source outside of AWS. Its address comes from a target's settings, so it is not trusted. */
export interface OutboundRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that carry secrets: sent to trusted origins only. */
  readonly secretHeaders?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type OutboundAnswer =
  | { readonly ok: true; readonly status: number; readonly body: string }
  | { readonly ok: false; readonly reason: string; readonly retry: 'again' | 'never'; readonly internal: string };

export interface OutboundOptions {
  /** Origins that the operator trusts; see `MetricsConfig`. */
  readonly trustedOrigins: readonly string[];
  /** More than this is not read. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
  readonly lookup?: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
}

export interface Outbound {
  send(request: OutboundRequest): Promise<OutboundAnswer>;
}

export function createOutbound(options: OutboundOptions): Outbound {
  return new GuardedOutbound(options);
}

const MAX_BYTES = 2 * 1024 * 1024;

/** Nobody's metrics live here: loopback, private and shared networks, documentation, multicast, translation prefixes. */
const PRIVATE: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

/** The instance metadata services: they hand out credentials, so not even a trusted name may lead there. */
const METADATA: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
];

const blockList = (subnets: typeof PRIVATE) => {
  const list = new BlockList();
  for (const [net, prefix, family] of subnets) list.addSubnet(net, prefix, family);
  return list;
};
const privateAddresses = blockList(PRIVATE);
const metadataAddresses = blockList(METADATA);

class Refused extends Error {
  constructor(
    readonly reason: string,
    readonly retry: 'again' | 'never' = 'never',
  ) {
    super(reason);
  }
}

class GuardedOutbound implements Outbound {
  private readonly clock: Clock;

  constructor(private readonly options: OutboundOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** Redirects are not followed: where they lead was never checked. */
  async send(request: OutboundRequest): Promise<OutboundAnswer> {
    const cut = new AbortController();
    const done = new AbortController();
    const stop = () => cut.abort(new Refused('The metrics source did not answer in time.', 'again'));
    request.signal?.addEventListener('abort', stop, { once: true });
    void this.clock.sleep(request.timeoutMs, done.signal).then(() => done.signal.aborted || stop());
    if (request.signal?.aborted) stop();
    try {
      return await raced(this.attempt(request, cut.signal), cut.signal);
    } catch (error) {
      return refusal(error);
    } finally {
      done.abort();
      request.signal?.removeEventListener('abort', stop);
    }
  }

  private async attempt(request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
    const { url } = request;
    const trusted = this.options.trustedOrigins.includes(url.origin);
    checkUrl(url, trusted);
    const secrets = request.secretHeaders ?? {};
    if (Object.keys(secrets).length > 0 && !trusted) {
      throw new Refused('Secrets are sent only to origins that SLUICE_METRICS_ORIGINS names.');
    }
    const address = await this.addressOf(url, trusted);
    signal.throwIfAborted();
    const options: RequestOptions = {
      method: request.method,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
        ...request.headers,
        ...secrets,
      },
      // The connection goes to the address that was checked, whatever the name resolves to by now.
      lookup: pinned(address),
      agent: false,
      signal,
    };
    return exchange(url, options, request.body, this.options.maxBytes ?? MAX_BYTES);
  }

  /** Every address of the name must be allowed: a resolver that mixes good and bad ones is no accident. */
  private async addressOf(url: URL, trusted: boolean): Promise<{ address: string; family: number }> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const family = isIP(host);
    const find = this.options.lookup ?? ((name: string) => resolve(name, { all: true }));
    const found = family ? [{ address: host, family }] : await find(host);
    const list = trusted ? metadataAddresses : privateAddresses;
    const first = found[0];
    if (!first) throw new Refused('The metrics source’s name has no address.', 'again');
    for (const one of found) {
      const kind = one.family === 6 ? 'ipv6' : 'ipv4';
      if (!list.check(one.address, kind) && isIP(one.address) === one.family) continue;
      throw new Refused('The metrics source lies in a network that Sluice does not call on a target’s word.');
    }
    return first;
  }
}

function checkUrl(url: URL, trusted: boolean): void {
  if (url.username || url.password) throw new Refused('The address of a metrics source must not hold credentials.');
  if (url.protocol === 'https:' || (trusted && url.protocol === 'http:')) return;
  throw new Refused('A metrics source is called over https only.');
}

function pinned({ address, family }: { address: string; family: number }): LookupFunction {
  return (_host, options, answer) => {
    if (options.all) answer(null, [{ address, family }]);
    else answer(null, address, family);
  };
}

function exchange(
  url: URL,
  options: RequestOptions,
  body: string | undefined,
  maxBytes: number,
): Promise<OutboundAnswer> {
  return new Promise((done, fail) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const call = send(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) call.destroy(new Refused('The metrics source’s answer is too large.'));
        else chunks.push(chunk);
      });
      answer.on('error', fail);
      answer.on('close', () => answer.complete || fail(new Error('The answer broke off.')));
      answer.on('end', () =>
        done({ ok: true, status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    call.on('error', fail);
    call.end(body);
  });
}

/** Looking up a name cannot be cancelled, so the deadline is enforced here as well. */
function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const stop = () => fail(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(done, fail).finally(() => signal.removeEventListener('abort', stop));
  });
}

function refusal(error: unknown): Extract<OutboundAnswer, { ok: false }> {
  if (error instanceof Refused) return { ok: false, reason: error.reason, retry: error.retry, internal: error.reason };
  const { code, name } = error as { code?: unknown; name?: unknown };
  const internal = typeof code === 'string' ? code : String(name);
  return { ok: false, reason: 'The metrics source could not be reached.', retry: 'again', internal };
}
