import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { describeWith, haveRecordings, recordings, run } from './outside-tools.js';

interface Replayed {
  checks: number;
  good: number;
  per: Record<string, [number, number]>;
  results: { id: string; checks: number; good: number; pass: boolean }[];
}

/** Queues and streams that AWS knew when these were recorded; the emulator has none, and accepts any. */
const ABOUT_LIVE_SOURCES = /event_source_mapping|sqs_queue/;

describeWith('the recorded answers of AWS are not here (LAMBDA_RECORDINGS)', haveRecordings)('recorded answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-recordings-'));
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ port: 0 });
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('every answer that is not about a live queue or stream is the one AWS gave', async () => {
    const out = join(folder, 'result.json');
    const args = [recordings.replay, '--endpoint', emulator.url, '--account', '000000000000', '--out', out];
    const { status, stderr } = await run(process.execPath, args);
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    const replayed = JSON.parse(readFileSync(out, 'utf8')) as Replayed;
    process.stderr.write(`recorded answers: ${replayed.good} of ${replayed.checks} match\n`);
    const wrong = replayed.results.filter((one) => !one.pass && !ABOUT_LIVE_SOURCES.test(one.id));
    expect(wrong.map((one) => `${one.id} ${one.good}/${one.checks}`)).toEqual([]);
    expect(replayed.checks).toBeGreaterThan(100);
  }, 180_000);
});
