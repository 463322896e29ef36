import type { EvidenceBlock } from '#analysis';

/** Which traffic is asked about, and when. */
export interface EvidenceRequest {
  readonly accountId: string;
  readonly region: string;
  readonly functionName: string;
  readonly alias: string;
  readonly stableVersion: string;
  readonly canaryVersion: string;
  /**
   * Since when this weight has held, or the end of the last block that was read. Only periods that lie wholly after it
   * are returned: a period during which the weight changed would mix two splits.
   */
  readonly fromMs: number;
  /** Now, on the clock that `fromMs` was taken from. Periods that are not settled by then are left for the next reading. */
  readonly toMs: number;
  readonly periodSeconds: number;
  /** Weight of the canary since `fromMs`; written into the blocks, read by no test. */
  readonly weightPercent: number;
  /** The judge's frozen latency thresholds, milliseconds; none = durations are not read. */
  readonly latencyThresholdsMs?: readonly number[];
}

export type EvidenceReading =
  | {
      readonly ok: true;
      /** One per settled period, in order, without gaps; a period without traffic is a block of zeros. */
      readonly blocks: EvidenceBlock[];
      /** What to pass as `fromMs` next time: no block is returned twice or left out. */
      readonly readUntilMs: number;
      /** Invocations of periods that were given out before they arrived: counted and shown, never fed. */
      readonly lateInvocations?: number;
    }
  | {
      readonly ok: false;
      /** One plain sentence, safe for users. */
      readonly reason: string;
      /** `never`: the source will not answer until somebody changes something. No verdict may rest on its silence. */
      readonly retry: 'again' | 'never';
      readonly internal: string;
    };

/** Where evidence comes from. An answer is never an invention: what the source does not know is missing, not zero. */
export interface EvidenceSource {
  read(request: EvidenceRequest, signal?: AbortSignal): Promise<EvidenceReading>;
}
