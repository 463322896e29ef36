import { systemClock } from '#runtime';
import type { EvidenceRequest, EvidenceSource } from './evidence-source.js';
import { type Trouble, troubles } from './troubled-server.fixture.js';

/** A source over traffic that has happened, and the truth about that traffic. */
export interface SourceWorld {
  readonly source: EvidenceSource;
  /** Covers the traffic, in periods that have settled; `fromMs` lies on the start of a period. */
  readonly request: EvidenceRequest;
  readonly truth: Record<'stable' | 'canary', { readonly invocations: number; readonly errors: number }>;
  /** The same source with its data behind another address: where things go wrong. */
  readonly at: (origin: string, timeoutMs: number) => EvidenceSource;
  close(): Promise<void>;
}

/** What every source of evidence promises, whatever it is made of. */
export function describeEvidenceSource(name: string, open: () => Promise<SourceWorld>): void {
  describe(`evidence from ${name}`, () => {
    let world: SourceWorld;
    beforeAll(async () => {
      world = await open();
    }, 60_000);
    afterAll(() => world?.close());

    const read = async (change: Partial<EvidenceRequest> = {}) => {
      const reading = await world.source.read({ ...world.request, ...change });
      if (!reading.ok) throw new Error(`${reading.reason} (${reading.internal})`);
      return reading;
    };

    test('counts every invocation and every error of each version once, and takes nothing for the other’s', async () => {
      const { blocks } = await read();
      const seen = { stable: { invocations: 0, errors: 0 }, canary: { invocations: 0, errors: 0 } };
      for (const block of blocks) {
        for (const role of ['stable', 'canary'] as const) {
          seen[role].invocations += block[role].invocations;
          seen[role].errors += block[role].errors;
        }
      }
      expect(seen).toEqual(world.truth);
    });

    test('gives one block per period, in order, without holes, with the weight it was told', async () => {
      const { blocks, readUntilMs } = await read();
      const periodMs = world.request.periodSeconds * 1000;
      expect(blocks.length).toBeGreaterThan(1);
      expect(blocks.map(({ startMs }) => startMs)).toEqual(
        blocks.map((_, index) => world.request.fromMs + index * periodMs),
      );
      expect(blocks.every(({ startMs, endMs }) => endMs - startMs === periodMs)).toBe(true);
      expect(blocks.every(({ weightPercent }) => weightPercent === world.request.weightPercent)).toBe(true);
      expect(readUntilMs).toBe(blocks.at(-1)?.endMs);
    });

    test('gives the same blocks in two readings as in one: none twice, none left out', async () => {
      const { blocks } = await read();
      const middle = (blocks[Math.floor(blocks.length / 2)] as { startMs: number }).startMs;
      const settledBy = world.request.toMs - (blocks.at(-1)?.endMs ?? 0);
      const first = await read({ toMs: middle + settledBy });
      const second = await read({ fromMs: first.readUntilMs });
      expect([...first.blocks, ...second.blocks]).toEqual(blocks);
    });

    test('leaves out the period in which the weight changed', async () => {
      const { blocks } = await read({ fromMs: world.request.fromMs + 1 });
      expect(blocks[0]?.startMs).toBe(world.request.fromMs + world.request.periodSeconds * 1000);
    });

    test('gives nothing of a period that has not ended', async () => {
      const reading = await read({ toMs: world.request.fromMs + world.request.periodSeconds * 1000 - 1 });
      expect(reading).toMatchObject({ blocks: [], readUntilMs: world.request.fromMs });
    });

    test('a reading that was called off invents nothing', async () => {
      const called = world.source.read(world.request, AbortSignal.abort());
      expect(await called).toMatchObject({ blocks: [], readUntilMs: world.request.fromMs });
    });

    test.each(Object.keys(troubles) as Trouble[])('%s is a failed reading, never an empty one', async (trouble) => {
      const server = await troubles[trouble]();
      const began = systemClock.monotonic();
      const reading = await world.at(server.origin, 400).read(world.request);
      await server.close();
      expect(reading.ok).toBe(false);
      expect(reading).toMatchObject({ reason: expect.stringMatching(/\.$/) });
      expect(systemClock.monotonic() - began).toBeLessThan(5_000);
    });

    test('a source that comes and goes is known again as soon as it answers', async () => {
      const server = await troubles['an internal error']();
      expect((await world.at(server.origin, 400).read(world.request)).ok).toBe(false);
      await server.close();
      expect((await read()).blocks.length).toBeGreaterThan(1);
    });
  });
}
