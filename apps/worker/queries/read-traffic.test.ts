import type { EvidenceBlock } from '#analysis';
import type { EvidenceSource } from '#metrics';
import type { TargetRow } from '#store';
import { readTraffic } from './read-traffic.js';

type EvidenceRequest = Parameters<EvidenceSource['read']>[0];
type EvidenceReading = Awaited<ReturnType<EvidenceSource['read']>>;
type Parts = Parameters<typeof readTraffic>[0];

const target = { accountId: '1', region: 'r', functionName: 'f', aliasName: 'live', settings: {} } as TargetRow;
const NOW = 1_800_000_000_000;

function block(invocations: number, errors: number): EvidenceBlock {
  const none = { invocations: 0, errors: 0 };
  return { startMs: 0, endMs: 0, weightPercent: 0, stable: { invocations, errors }, canary: none };
}

function source(answer: EvidenceReading) {
  const asked: EvidenceRequest[] = [];
  const read = async (request: EvidenceRequest) => {
    asked.push(request);
    return answer;
  };
  return { asked, source: { read } };
}

const answered = (...blocks: EvidenceBlock[]): EvidenceReading => ({ ok: true, blocks, readUntilMs: 0 });
const never: EvidenceReading = { ok: false, reason: 'closed', retry: 'never', internal: '' };

function partsWith(usual: ReturnType<typeof source>, own?: object): Parts {
  const sources = own === undefined ? {} : { sources: { measuring: () => own } };
  return { evidence: usual.source, metricsPeriodSeconds: 60, ...sources } as unknown as Parts;
}

test('a target that is measured by its logs is forecast from its logs, over hours and not weeks', async () => {
  const cloudWatch = source(never);
  const logs = source(answered(block(0, 0), block(600, 6), block(1200, 0)));
  const parts = partsWith(cloudWatch, { source: logs.source, periodSeconds: 60, keepsWeeks: false });
  const traffic = await readTraffic(parts, target, '7', NOW);
  expect(traffic).toEqual({ ok: true, value: { requestsPerSecond: 15, errorRate: 6 / 1800, overSeconds: 120 } });
  expect(cloudWatch.asked).toEqual([]);
  expect(logs.asked).toMatchObject([{ periodSeconds: 60, fromMs: NOW - 3 * 3_600_000, stableVersion: '7' }]);
});

test('CloudWatch is asked about two weeks, in quarters of an hour', async () => {
  const cloudWatch = source(answered(block(900, 0)));
  await readTraffic(partsWith(cloudWatch), target, '7', NOW);
  expect(cloudWatch.asked).toMatchObject([{ periodSeconds: 900, fromMs: NOW - 14 * 86_400_000 }]);
});

test('no traffic is an answer: how long there was none', async () => {
  const quiet = source(answered(block(0, 0), block(0, 0)));
  const traffic = await readTraffic(partsWith(quiet), target, '7', NOW);
  expect(traffic).toEqual({ ok: true, value: { requestsPerSecond: 0, errorRate: 0, overSeconds: 1800 } });
});

test('a source that does not answer is no traffic forecast at all', async () => {
  expect(await readTraffic(partsWith(source(never)), target, '7', NOW)).toMatchObject({ ok: false, reason: 'closed' });
});
