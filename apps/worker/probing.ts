import { convicts, PROBE_ATTEMPTS, type ProbeResult, shapeOf } from '#analysis';
import type { Fault, FunctionAddress, InvocationReading, Invoker } from '#aws';
import { reportInTail } from '#metrics';
import type { ProbePlan } from '#rollout';
import type { Clock } from '#runtime';
import { backoffMs } from './faults.js';
import { inParallel } from './sweep.js';

export interface ProbeErrand {
  readonly invoker: Invoker;
  readonly clock: Clock;
  readonly fn: FunctionAddress;
  readonly stable: string;
  readonly canary: string;
  readonly payloads: readonly unknown[];
  readonly plan: ProbePlan;
  readonly signal: AbortSignal;
}

/** What was seen of one version: outcomes are in the results, these are for comparing paces. */
export interface VersionPace {
  readonly warmMs: number[];
  readonly initMs: number[];
}

export interface ProbesDone {
  /** In the order of the payloads; a payload that got no answer from one of the versions has empty outcomes there. */
  readonly results: readonly ProbeResult[];
  /** Why the canary failed, by payload. */
  readonly errorTypes: ReadonlyMap<string, string>;
  readonly pace: { readonly stable: VersionPace; readonly canary: VersionPace };
  /** Lambda refuses to be asked at all: no answer about any version. */
  readonly refusal?: Fault;
}

/** Invocations under way at once: a quiet function has little concurrency to spare. */
const AT_ONCE = 5;
/** As many convicting payloads say no more than ten times as many would. */
const ENOUGH_CONVICTIONS = 10;
/** One for all: a reason made anew would take its stack every time. */
const OVER = new Error('The probes are over.');

/**
 * Sends every payload to the stable version, then to the canary. Only what the stable version answers and the canary
 * does not is tried again, in turn, so that a passing trouble of the function's surroundings convicts nobody.
 */
export async function sendProbes(errand: ProbeErrand): Promise<ProbesDone> {
  const { clock, plan, signal } = errand;
  const ended = new AbortController();
  const until = clock.monotonic() + plan.deadlineSeconds * 1000;
  const run = new ProbeRun({ ...errand, signal: AbortSignal.any([signal, ended.signal]) }, until);
  void clock.sleep(plan.deadlineSeconds * 1000, ended.signal).then(() => ended.abort(OVER));
  try {
    return await run.all();
  } finally {
    ended.abort(OVER);
  }
}

type Side = 'stable' | 'canary';
interface Answered {
  readonly ok: boolean;
  readonly errorType: string;
  readonly shape: string;
}

class ProbeRun {
  private readonly results: { payload: string; stable: boolean[]; canary: boolean[] }[];
  private readonly errorTypes = new Map<string, string>();
  private readonly pace = { stable: newPace(), canary: newPace() };
  private refusal: Fault | undefined;

  constructor(
    private readonly errand: ProbeErrand,
    private readonly until: number,
  ) {
    this.results = errand.payloads.map((_, index) => ({ payload: String(index + 1), stable: [], canary: [] }));
  }

  async all(): Promise<ProbesDone> {
    await inParallel([...this.results.keys()], AT_ONCE, (index) => this.one(index));
    const { results, errorTypes, pace, refusal } = this;
    return { results, errorTypes, pace, ...(refusal ? { refusal } : {}) };
  }

  private get over(): boolean {
    return (
      this.refusal !== undefined ||
      this.errand.signal.aborted ||
      this.errand.clock.monotonic() >= this.until ||
      this.results.filter(convicts).length >= ENOUGH_CONVICTIONS
    );
  }

  private async one(index: number): Promise<void> {
    const result = this.results[index];
    if (!result) return;
    const payload = JSON.stringify(this.errand.payloads[index]);
    const stableShapes = new Set<string>();
    for (let attempt = 0; attempt < PROBE_ATTEMPTS; attempt += 1) {
      const stable = await this.ask('stable', payload);
      if (!stable) return;
      stableShapes.add(stable.shape);
      const answer = await this.ask('canary', payload);
      if (!answer) return;
      const canary = this.compared(answer, stableShapes);
      result.stable.push(stable.ok);
      result.canary.push(canary.ok);
      if (canary.ok || !result.stable.includes(true)) return;
      this.errorTypes.set(result.payload, canary.errorType);
    }
    // A stable version whose own answers differ in form is no measure of the canary's.
    const differs = this.errorTypes.get(result.payload) === OTHER_SHAPE;
    if (differs && stableShapes.size > 1) result.canary[result.canary.length - 1] = true;
  }

  private compared(answer: Answered, stableShapes: ReadonlySet<string>): Answered {
    if (this.errand.plan.compare === 'outcome' || !answer.ok || stableShapes.has(answer.shape)) return answer;
    return { ...answer, ok: false, errorType: OTHER_SHAPE };
  }

  /** One invocation that says something about the version; undefined when none can be had. */
  private async ask(side: Side, payload: string): Promise<Answered | undefined> {
    const { invoker, fn, plan, signal, clock } = this.errand;
    while (!this.over) {
      const timeoutMs = Math.min(plan.timeoutSeconds * 1000, this.until - clock.monotonic());
      const outcome = await invoker.invoke(fn, this.errand[side], payload, { timeoutMs, signal });
      if (outcome.ok) return this.note(side, outcome.value);
      const { fault } = outcome;
      if (signal.aborted) return undefined;
      if (fault.code === 'timed_out' && timeoutMs >= plan.timeoutSeconds * 1000) {
        return { ok: false, errorType: 'ProbeTimedOut', shape: '' };
      }
      if (fault.retry === 'never') {
        this.refusal ??= fault;
        return undefined;
      }
      await clock.sleep(backoffMs(fault), signal);
    }
    return undefined;
  }

  private note(side: Side, reading: InvocationReading): Answered {
    const report = reportInTail(reading.logTail);
    if (report?.initMs !== undefined) this.pace[side].initMs.push(report.initMs);
    else if (report && !reading.failed) this.pace[side].warmMs.push(report.durationMs);
    if (reading.failed) return { ok: false, errorType: errorTypeOf(reading.answer), shape: '' };
    const status = statusOf(reading.answer);
    if (status !== undefined && status >= 500) return { ok: false, errorType: `HTTP ${status}`, shape: '' };
    return { ok: true, errorType: '', shape: this.errand.plan.compare === 'shape' ? shapeOf(reading.answer) : '' };
  }
}

const OTHER_SHAPE = 'AnswerOfAnotherShape';

function newPace(): VersionPace {
  return { warmMs: [], initMs: [] };
}

/** The class of an error is the code's own word; anything that does not look like one could be anybody's data. */
function errorTypeOf(answer: unknown): string {
  const type = (answer as { errorType?: unknown } | null | undefined)?.errorType;
  return typeof type === 'string' && /^[A-Za-z_][A-Za-z0-9_.:$]{0,79}$/.test(type) ? type : 'Unhandled';
}

/** A function behind HTTP says in its answer that it failed: to Lambda that is a success. */
function statusOf(answer: unknown): number | undefined {
  const status = (answer as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
