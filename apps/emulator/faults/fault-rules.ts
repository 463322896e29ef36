import { seededRandom } from '../random.js';

/**
 * What can be made to go wrong, and where:
 * - `throttle`: 429 before any effect; `retryAfterSeconds` adds the header.
 * - `error`: `status` 500 (default) or 503 before any effect.
 * - `deny`: 403 before any effect; `reasonCode` names another error than AccessDeniedException, such as
 *   ExpiredTokenException.
 * - `error-after`: the same answer although the effect was applied.
 * - `delay`: waits `delayMs` before the effect; `delay-after`: between the effect and the answer.
 * - `reset-before`: the connection is cut before any effect; `reset-after`: the effect is applied, the answer never sent.
 * - `stale-read`: a read of a function, version or alias shows the state before its latest change.
 * - `update-fails`: UpdateFunctionCode/Configuration is accepted and then settles as `Failed`.
 * - `version-fails`: a published version (or created function) never becomes Active, it ends as `Failed`.
 * - `slow-settle`: the change stays Pending/InProgress for `delayMs`; on PublishVersion this is a slow publish.
 */
export const FAULT_KINDS = [
  'throttle',
  'error',
  'deny',
  'error-after',
  'delay',
  'delay-after',
  'reset-before',
  'reset-after',
  'stale-read',
  'update-fails',
  'version-fails',
  'slow-settle',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultWish {
  kind: FaultKind;
  /** An operation's name, a list of them, or `*`. */
  operation?: string | string[];
  /** Only for this function. */
  function?: string;
  /** Only for calls signed with this access key id. */
  actor?: string;
  /** How many calls to let through first. */
  skip?: number;
  /** How many calls to hit; without it every one, until the rule is removed. */
  count?: number;
  /** Hit a call with this probability (0 to 1), drawn from `seed`. */
  probability?: number;
  seed?: number;
  status?: number;
  retryAfterSeconds?: number;
  delayMs?: number;
  reason?: string;
  reasonCode?: string;
}

export interface FaultRule extends FaultWish {
  id: string;
  /** Calls that matched, and calls that were hit. */
  seen: number;
  hits: number;
}

interface LiveRule extends FaultRule {
  draw: () => number;
}

/** A package fetched by its link: no operation of Lambda's, so only rules that name it hit it. */
export const DOWNLOAD = 'Download';

/** The rules in force. Each call asks once, and every rule that applies to it hits it. */
export class FaultRules {
  private rules: LiveRule[] = [];
  private added = 0;

  add(wish: FaultWish): FaultRule {
    if (!FAULT_KINDS.includes(wish.kind)) throw new TypeError(`Unknown fault kind ${String(wish.kind)}`);
    this.added += 1;
    const rule: LiveRule = {
      ...wish,
      id: `fault-${this.added}`,
      seen: 0,
      hits: 0,
      draw: seededRandom(wish.seed ?? this.added),
    };
    this.rules.push(rule);
    return shown(rule);
  }

  remove(id: string): boolean {
    const before = this.rules.length;
    this.rules = this.rules.filter((rule) => rule.id !== id);
    return this.rules.length < before;
  }

  clear(): void {
    this.rules = [];
  }

  list(): FaultRule[] {
    return this.rules.map(shown);
  }

  /** The faults that hit this call; asking uses up counts. */
  strike(operation: string, functionName: string | undefined, actor?: string): FaultRule[] {
    if (this.rules.length === 0) return [];
    return this.rules.filter((rule) => applies(rule, operation, functionName, actor) && hit(rule));
  }
}

function applies(
  rule: LiveRule,
  operation: string,
  functionName: string | undefined,
  actor: string | undefined,
): boolean {
  if (rule.actor !== undefined && rule.actor !== actor) return false;
  const wanted = rule.operation ?? '*';
  const all = wanted === '*' && operation !== DOWNLOAD;
  const named = Array.isArray(wanted) ? wanted.includes(operation) : all || wanted === operation;
  return named && (rule.function === undefined || rule.function === functionName);
}

function hit(rule: LiveRule): boolean {
  rule.seen += 1;
  if (rule.seen <= (rule.skip ?? 0)) return false;
  if (rule.count !== undefined && rule.hits >= rule.count) return false;
  if (rule.probability !== undefined && rule.draw() >= rule.probability) return false;
  rule.hits += 1;
  return true;
}

function shown({ draw: _draw, ...rule }: LiveRule): FaultRule {
  return { ...rule };
}
