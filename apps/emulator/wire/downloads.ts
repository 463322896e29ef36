import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';
import { DOWNLOAD, type FaultRules } from '../faults/fault-rules.js';
import type { CodeStore } from '../world/code-store.js';
import type { HttpReply, HttpRequest } from './http.js';

const LIFETIME_MS = 600_000;
const PREFIX = '/_code/';

/** Links to deployment packages, valid for ten minutes, that need no further signature: `Code.Location`. */
export class Downloads {
  private readonly secret = randomBytes(32);

  constructor(
    private readonly codes: CodeStore,
    private readonly faults: FaultRules,
    private readonly clock: Clock,
  ) {}

  link(baseUrl: string, key: string): string {
    const expires = this.clock.now() + LIFETIME_MS;
    return `${baseUrl}${PREFIX}${key}.zip?expires=${expires}&signature=${this.sign(key, expires)}`;
  }

  /** Undefined when the request is not for a package. */
  async handle(request: HttpRequest): Promise<HttpReply | undefined> {
    if (!request.path.startsWith(PREFIX)) return undefined;
    for (const fault of this.faults.strike(DOWNLOAD, undefined)) {
      if (fault.kind === 'delay') await this.clock.sleep(fault.delayMs ?? 1000);
      if (fault.kind === 'error') return { status: fault.status ?? 500, headers: {}, body: 'An injected fault.' };
      if (fault.kind === 'reset-before') return { status: 0, headers: {}, body: undefined, reset: true };
    }
    const key = request.path.slice(PREFIX.length).replace(/\.zip$/, '');
    const expires = Number(request.query.get('expires'));
    const given = Buffer.from(request.query.get('signature') ?? '');
    const expected = Buffer.from(this.sign(key, expires));
    const genuine = given.length === expected.length && timingSafeEqual(given, expected);
    if (!genuine || this.clock.now() > expires)
      return { status: 403, headers: {}, body: 'This link is not or no longer valid.' };
    if (!this.codes.has(key)) return { status: 404, headers: {}, body: 'No such package.' };
    return { status: 200, headers: { 'Content-Type': 'application/zip' }, body: this.codes.get(key) };
  }

  private sign(key: string, expires: number): string {
    return createHmac('sha256', this.secret).update(`${key}/${expires}`).digest('hex');
  }
}
