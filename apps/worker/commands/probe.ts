import { z } from 'zod';
import { isSettled, isSlower, judge, judgeProbes, median, probeBlock } from '#analysis';
import { probeConsent, targetProbes } from '#contracts';
import { whyNoPayloads } from '#metrics';
import type { Command, ProbeCounts, ProbePlan, ProbesSeen } from '#rollout';
import { capturedOf } from '../claim.js';
import { measuringOf } from '../evidence.js';
import { backoffMs, failed } from '../faults.js';
import { policyOf, watchingOf } from '../judging.js';
import { type ProbesDone, sendProbes, type VersionPace } from '../probing.js';
import { type Answer, happened, type Seen, type Turn, wait } from '../turn.js';

export type ProbeTurn = Turn<Extract<Command, { type: 'Probe' }>>;

/** Workers that end among the probes: after so many it is no coincidence. */
const MOST_ROUNDS = 5;

const settings = z.object({ probes: targetProbes.optional(), probeConsent: probeConsent.optional() });

/** What is to be sent, and where it is from. Payloads of the function's log are in this process and nowhere else. */
export interface Prepared {
  readonly payloads: readonly unknown[];
  readonly fromLog?: { readonly payloads: number; readonly by: string; readonly at: string };
  /** Why there is nothing to send. */
  readonly missing?: string;
}

/** What is needed before the first probe leaves; an `Answer` when none may. Asked anew in every round. */
export async function prepareProbes(turn: ProbeTurn): Promise<Prepared | Answer> {
  const { row, parts, command, state } = turn;
  const parsed = settings.safeParse(row.target.settings);
  if (!parsed.success || parsed.data.probes?.safe !== true) {
    const sentence = `No probe was sent: the target ${row.target.name} is not marked safe to probe any more.`;
    return failed(turn.at(), 'probes_refused', sentence);
  }
  if (!parts.invoker) return failed(turn.at(), 'probes_refused', 'This worker cannot invoke functions.');
  if (command.round > MOST_ROUNDS) {
    const sentence = `The probes were begun ${MOST_ROUNDS} times and never came to an end.`;
    return failed(turn.at(), 'probes_inconclusive', sentence);
  }
  if (state.plan.probes?.fromLog) return recorded(turn, parsed.data.probeConsent, state.plan.probes.payloads);
  const payloads = await parts.store.deployments.probePayloads(row.id);
  if (payloads === 'unreadable') {
    return failed(turn.at(), 'secrets_unreadable', 'The worker cannot open the payloads of this deployment’s probes.');
  }
  if (payloads) return { payloads };
  return failed(turn.at(), 'probes_inconclusive', 'The payloads of the probes are gone.');
}

/** Read when they are sent and kept by nobody: what is not stored needs no seal, and consent that is taken back holds. */
async function recorded(
  turn: ProbeTurn,
  consent: z.infer<typeof probeConsent> | undefined,
  most: number,
): Promise<Prepared | Answer> {
  const { row, parts, signal } = turn;
  if (!consent) {
    const sentence = `No probe was sent: payloads may not be read from the log of ${row.target.name} any more.`;
    return failed(turn.at(), 'probes_refused', sentence);
  }
  const read = await parts.sources?.loggedPayloads(row.target, most, turn.at(), signal);
  if (!read) return failed(turn.at(), 'probes_refused', 'This worker cannot read the logs of functions.');
  const { outcome, logGroup } = read;
  if (!outcome.ok && outcome.fault.retry !== 'never') return wait(backoffMs(outcome.fault));
  const payloads = outcome.ok ? outcome.value.payloads : [];
  const missing = whyNoPayloads(outcome, logGroup);
  const fromLog = { payloads: payloads.length, by: consent.by, at: consent.at };
  return { payloads, fromLog, ...(missing === undefined ? {} : { missing }) };
}

/**
 * Invokes every payload on both versions. The invocations may be repeated after a crash: the target is marked safe for
 * that. `signal` ends when the lease is lost; what comes after is nobody's.
 */
export async function probe(turn: ProbeTurn, prepared: Prepared, signal: AbortSignal): Promise<Answer> {
  const { parts, state, fn, command } = turn;
  const { payloads, missing } = prepared;
  if (missing !== undefined) return happened({ type: 'Probed', at: turn.at(), ...nothingSeen(missing) });
  const plan = state.plan.probes;
  if (!plan || !parts.invoker) throw new Error('Probes were begun without a plan for them.');
  const beganAt = turn.at();
  const { clock, invoker } = parts;
  const stable = capturedOf(turn).point.version;
  const done = await sendProbes({ invoker, clock, fn, stable, canary: command.canary, payloads, plan, signal });
  const seen = probesSeen(done, plan, command.canary);
  const event = { type: 'Probed', at: turn.at(), ...seen } as const;
  const kept = plan.independent && seen.verdict === 'pass' ? asEvidence(turn, done, beganAt) : undefined;
  return { kind: 'event', event, ...(kept ? { seen: kept } : {}) };
}

function nothingSeen(sentence: string): ProbesSeen {
  const none = { succeeded: 0, failed: 0 };
  return { verdict: 'inconclusive', sentence, payloads: 0, stable: none, canary: none, failed: [] };
}

const SHOWN_FAILURES = 10;

function probesSeen(done: ProbesDone, plan: ProbePlan, canary: string): ProbesSeen {
  const { results, errorTypes, pace } = done;
  const verdict = judgeProbes(results);
  const failures = verdict.failedPayloads.map((payload) => ({
    payload: Number(payload),
    errorType: errorTypes.get(payload) ?? 'Unhandled',
  }));
  const counts = {
    payloads: results.filter((result) => result.stable.length > 0).length,
    stable: countsOf(
      results.flatMap((result) => result.stable),
      pace.stable,
    ),
    canary: countsOf(
      results.flatMap((result) => result.canary),
      pace.canary,
    ),
    failed: failures.slice(0, SHOWN_FAILURES),
  };
  const [first] = failures;
  if (first) {
    const sentence = `Version ${canary} fails ${failures.length} of ${results.length} probes that the stable version answers, payload ${first.payload} first (${first.errorType}).`;
    return { verdict: 'fail', sentence, ...counts };
  }
  const slower = plan.slowerThan !== undefined && isSlower(pace.stable.warmMs, pace.canary.warmMs, plan.slowerThan);
  if (slower) {
    const sentence = `On version ${canary} the probes take ${ms(counts.canary.warmMs)}, on the stable version ${ms(counts.stable.warmMs)} (medians): more than ${plan.slowerThan} times as long.`;
    return { verdict: 'fail', sentence, ...counts };
  }
  const unproven = whyUnproven(done, verdict.kind === 'inconclusive' ? verdict.sentence : undefined);
  if (unproven) return { verdict: 'inconclusive', sentence: unproven, ...counts };
  return { verdict: 'pass', sentence: `None of ${results.length} probes fails on version ${canary} alone.`, ...counts };
}

/** Why what was seen clears nobody. Silence is no sign of health. */
function whyUnproven(done: ProbesDone, word: string | undefined): string | undefined {
  const sent = done.results.filter(isSettled).length;
  const total = done.results.length;
  if (done.refusal) {
    const remedy =
      done.refusal.code === 'access_denied' ? ' It needs lambda:InvokeFunction on the function’s versions.' : '';
    return `The probes could not be sent. ${done.refusal.public}${remedy}`;
  }
  if (sent < total) {
    return `Only ${sent} of ${total} probes came to a clear end; the others ran out of time, or the stable version fails them now and then as well.`;
  }
  return word === undefined ? undefined : `The probes prove nothing: ${word}.`;
}

function countsOf(outcomes: readonly boolean[], pace: VersionPace): ProbeCounts {
  const succeeded = outcomes.filter(Boolean).length;
  const warmMs = median(pace.warmMs);
  const initMs = median(pace.initMs);
  return {
    succeeded,
    failed: outcomes.length - succeeded,
    ...(warmMs === undefined ? {} : { warmMs }),
    ...(initMs === undefined ? {} : { initMs }),
  };
}

const ms = (value: number | undefined) => `${Math.round(value ?? 0)} ms`;

/** Probes that somebody declared independent are the judge's first block. */
function asEvidence(turn: ProbeTurn, done: ProbesDone, beganAt: number): Seen {
  const { parts, row, state } = turn;
  const before = watchingOf(row.evidence);
  const policy = policyOf(state.plan, measuringOf(parts, row.target).periodSeconds, before.history);
  const block = probeBlock(done.results, { startMs: beganAt, endMs: Math.max(beganAt + 1, turn.at()) });
  const judged = judge(before.state, [block], policy);
  const sentence = 'The probes were taken as the first evidence; no traffic has been seen on the new version yet.';
  const evidence = {
    verdict: 'continue',
    sentence,
    numbers: {},
    judge: { ...before, state: judged.state },
    at: turn.at(),
  };
  return { evidence: evidence as Seen['evidence'], blocks: [block] };
}
