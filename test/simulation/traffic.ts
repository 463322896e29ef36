import type { EvidenceReading, EvidenceRequest } from '../../libs/metrics/evidence-source.js';
import type { Random } from './random.js';

export type TrafficMood = 'good' | 'bad' | 'silent' | 'unreadable' | 'flapping';

/** What users do while a canary is live, as the metrics tell it: exactly once per period, or not at all. */
export class Traffic {
  /** Canary versions about which real invocations were reported. */
  readonly reported = new Set<string>();

  constructor(
    private readonly random: Random,
    private readonly mood: TrafficMood,
    private readonly silenceIsHealth: boolean,
  ) {}

  /** Whether there is an answer at every look, and the same kind of answer. */
  get isPlain(): boolean {
    return this.mood === 'good' || this.mood === 'bad';
  }

  read(request: EvidenceRequest): EvidenceReading {
    const mood = this.mood === 'flapping' ? this.random.pick(['good', 'unreadable', 'silent'] as const) : this.mood;
    if (mood === 'unreadable' && !this.silenceIsHealth) {
      return { ok: false, reason: 'The metrics are away.', retry: 'again', internal: 'away' };
    }
    const periodMs = request.periodSeconds * 1000;
    const startMs = Math.ceil(request.fromMs / periodMs) * periodMs;
    const endMs = Math.floor((request.toMs - 500) / periodMs) * periodMs;
    if (endMs <= startMs) return { ok: true, blocks: [], readUntilMs: request.fromMs };
    const lively = mood !== 'silent' && mood !== 'unreadable';
    if (lively) this.reported.add(request.canaryVersion);
    const invented = this.silenceIsHealth && !lively;
    const invocations = lively || invented ? (400 * (endMs - startMs)) / periodMs : 0;
    const errors = mood === 'bad' ? Math.floor(invocations * 0.6) : 0;
    const block = {
      startMs,
      endMs,
      weightPercent: request.weightPercent,
      stable: { invocations, errors: 0 },
      canary: { invocations, errors },
    };
    return { ok: true, blocks: [block], readUntilMs: endMs };
  }
}
