/**
 * The admin endpoint: off unless `admin: true` (`--admin`), served under `/_emulator/`, JSON in and out, unsigned.
 *
 *   GET    /_emulator/health                      { status, environments, functions }
 *   GET    /_emulator/calls                       every call, oldest first; filters: ?operation= &function= &after=<sequence>
 *                                                 entry: sequence, at, operation, actor (access key id), userAgent, function,
 *                                                 outcome ('ok' | error code | 'reset'), status, reached, faults, durationMs,
 *                                                 requestId, input
 *   GET    /_emulator/calls/count                 { UpdateAlias: 3, ... } since the last clearing
 *   DELETE /_emulator/calls                       forgets the log and the counts
 *   POST   /_emulator/faults                      adds a rule (or a list of rules); answers with it and its id. Members:
 *                                                 kind       throttle | error | deny | error-after | delay | delay-after |
 *                                                            reset-before | reset-after | stale-read | update-fails |
 *                                                            version-fails | slow-settle   (see fault-rules.ts)
 *                                                 operation  name, list of names, or '*' (default); function: only this one;
 *                                                            'Download': a package's link; actor: only this access key id
 *                                                 skip, count, probability, seed           which of the calls are hit
 *                                                 status, retryAfterSeconds, delayMs, reason, reasonCode   how
 *   GET    /_emulator/faults                      the rules, with how often each was asked (seen) and hit (hits)
 *   DELETE /_emulator/faults[/<id>]               removes one rule or all
 *   GET    /_emulator/settings                    { settleMs, metricsPublicationDelayMs, controlPlaneRatePerSecond }
 *   PATCH  /_emulator/settings                    changes any of them (controlPlaneRatePerSecond: null switches it off)
 *   GET    /_emulator/deliveries                  what went to destinations and dead-letter targets
 *   POST   /_emulator/reset                       forgets all functions, metrics, logs, faults and calls
 *   GET    /_emulator/export                      the whole state, code included
 *   POST   /_emulator/load                        replaces the state by an exported one
 *
 * Examples:
 *   { "kind": "reset-after", "operation": "UpdateAlias", "count": 1 }                       the answer of the next one is lost
 *   { "kind": "throttle", "operation": "*", "probability": 0.2, "seed": 7 }                 a fifth of all calls, repeatably
 *   { "kind": "slow-settle", "operation": "PublishVersion", "delayMs": 5000, "count": 1 }   a slow publish
 *   { "kind": "version-fails", "operation": ["PublishVersion", "UpdateFunctionCode"], "count": 1 }
 */
import type { CallLog } from '../faults/call-log.js';
import type { FaultRules, FaultWish } from '../faults/fault-rules.js';
import type { HttpReply, HttpRequest } from '../wire/http.js';

export interface LiveSettings {
  settleMs: number;
  metricsPublicationDelayMs: number;
  controlPlaneRatePerSecond: number | null;
}

export interface AdminParts {
  faults: FaultRules;
  calls: CallLog;
  health(): Record<string, unknown>;
  readSettings(): LiveSettings;
  changeSettings(change: Partial<LiveSettings>): void;
  deliveries(): unknown[];
  reset(): void;
  exportState(): unknown;
  loadState(state: unknown): void;
}

type Act = (request: HttpRequest, rest: string) => unknown;

export const ADMIN_PREFIX = '/_emulator';

export class AdminFront {
  private readonly acts: Record<string, Act>;

  constructor(parts: AdminParts) {
    this.acts = { ...observing(parts), ...breaking(parts), ...holding(parts) };
  }

  handle(request: HttpRequest): HttpReply | undefined {
    if (!request.path.startsWith(`${ADMIN_PREFIX}/`)) return undefined;
    // A web page may send simple requests to loopback; no tool of ours sends an Origin.
    if (request.headers['origin'] !== undefined)
      return reply(403, { message: 'The admin endpoint is not for browsers.' });
    const [first = '', second] = request.path.slice(ADMIN_PREFIX.length + 1).split('/');
    const act =
      this.acts[`${request.method} ${first}/${second}`] ??
      this.acts[second === undefined ? `${request.method} ${first}` : `${request.method} ${first}/*`];
    if (!act) return reply(404, { message: `No ${request.method} ${request.path} here.` });
    try {
      return reply(200, act(request, second ?? '') ?? {});
    } catch (error) {
      return reply(400, { message: error instanceof Error ? error.message : String(error) });
    }
  }
}

function observing({ calls, health, deliveries }: AdminParts): Record<string, Act> {
  return {
    'GET health': health,
    'GET calls': ({ query }) =>
      calls.list({
        operation: query.get('operation'),
        function: query.get('function'),
        after: Number(query.get('after') ?? 0),
      }),
    'GET calls/count': () => calls.counts(),
    'DELETE calls': () => calls.clear(),
    'GET deliveries': deliveries,
  };
}

function breaking({ faults }: AdminParts): Record<string, Act> {
  return {
    'GET faults': () => faults.list(),
    'POST faults': (request) => {
      const wish = bodyOf(request) as FaultWish | FaultWish[];
      return Array.isArray(wish) ? wish.map((one) => faults.add(one)) : faults.add(wish);
    },
    'DELETE faults': () => faults.clear(),
    'DELETE faults/*': (_request, id) => ({ removed: faults.remove(id) }),
  };
}

function holding(parts: AdminParts): Record<string, Act> {
  return {
    'GET settings': () => parts.readSettings(),
    'PATCH settings': (request) => {
      parts.changeSettings(bodyOf(request) as Partial<LiveSettings>);
      return parts.readSettings();
    },
    'POST reset': () => parts.reset(),
    'GET export': () => parts.exportState(),
    'POST load': (request) => parts.loadState(bodyOf(request)),
  };
}

const bodyOf = (request: HttpRequest): unknown =>
  request.body.length === 0 ? {} : JSON.parse(request.body.toString('utf8'));

function reply(status: number, body: unknown): HttpReply {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
