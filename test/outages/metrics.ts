import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '#runtime';
import { BOTH, type Outage, outage } from './outage.js';
import { expectSame } from './stories.js';
import type { OutageWorld } from './world.js';

interface Question {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodSeconds: number;
}

/** A metrics service that is in one kind of trouble. Where it answers at all, the canary looks better than well. */
type Trouble = (question: Question, answer: ServerResponse, asked: number) => void;

const counts = (invocations: number) => ({ invocations, errors: 0 });

/** Perfect figures for every period that was asked about, up to `lateMs` ago. */
function perfect({ fromMs, toMs, periodSeconds }: Question, invocations = 500, lateMs = 0) {
  const periods = [];
  for (let startMs = fromMs; startMs + periodSeconds * 1_000 <= toMs - lateMs; startMs += periodSeconds * 1_000) {
    periods.push({ startMs, stable: counts(invocations * 9), canary: counts(invocations) });
  }
  return { periods };
}

const say = (answer: ServerResponse, body: unknown, status = 200) => {
  answer.statusCode = status;
  answer.setHeader('content-type', 'application/json');
  answer.end(typeof body === 'string' ? body : JSON.stringify(body));
};

const troubles: Readonly<Record<string, Trouble>> = {
  'no data': (_question, answer) => say(answer, { periods: [] }),
  'zero traffic': (question, answer) => say(answer, perfect(question, 0)),
  NaN: (question, answer) => say(answer, JSON.stringify(perfect(question)).replaceAll('"errors":0', '"errors":NaN')),
  'null counts': (question, answer) =>
    say(answer, JSON.stringify(perfect(question)).replaceAll('"errors":0', '"errors":null')),
  'ten minutes late': (question, answer) => say(answer, perfect(question, 500, 600_000)),
  'answer 500': (_question, answer) => say(answer, { message: 'down' }, 500),
  'cut off in the middle': (_question, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    answer.write('{"periods":[');
    answer.destroy();
  },
  'ten seconds slow': (question, answer) => void systemClock.sleep(10_000).then(() => say(answer, perfect(question))),
  'hole in the middle': (question, answer) => {
    const { periods } = perfect(question);
    say(answer, { periods: periods.filter((_, index) => index !== 0) });
  },
};

/** One service for all troubles, told apart by path. */
async function openService(world: OutageWorld): Promise<{ url: string; asked: Map<string, number> }> {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1));
    const count = (asked.get(name) ?? 0) + 1;
    asked.set(name, count);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const question = JSON.parse(Buffer.concat(chunks).toString()) as Question;
      response.on('error', () => undefined);
      troubles[name]?.(question, response, count);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const GATE_MS = 12_000;

const judged = outage({
  fault: 'F29',
  title: `metrics in trouble at an analysis gate: ${Object.keys(troubles).join(', ')}`,
  mustHold: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18', 'I19'],
  bounds: {
    'promotions on no evidence': { most: 0, unit: 'promotions' },
    'all ended, each by its gate’s deadline': { most: GATE_MS + 40_000, unit: 'ms' },
  },
  engines: BOTH,
  async run(world) {
    const service = await openService(world);
    await Promise.all([world.startApi(), world.startWorker({ environment: { SLUICE_METRICS_ORIGINS: service.url } })]);
    const begun = systemClock.monotonic();
    const ids = new Map<string, string>();
    for (const name of Object.keys(troubles)) {
      const target = await world.target();
      await world.ask('PATCH', `/v1/targets/${target}`, {
        metrics: {
          source: 'http',
          url: `${service.url}/${encodeURIComponent(name)}`,
          periodSeconds: 1,
          settleSeconds: 0,
        },
      });
      const { id } = await world.deploy(target, {
        more: {
          strategy: { type: 'steps', steps: [{ weight: 10, bake: '1s', gates: ['analysis'] }] },
          analysis: {},
          deadlines: { analysisSeconds: GATE_MS / 1_000 },
        },
      });
      ids.set(name, id);
    }
    let promoted = 0;
    let last = 0;
    for (const [name, id] of ids) {
      await world.until(`the rollout with "${name}" has ended`, 60_000, async () => (await world.row(id)).ended);
      last = Math.max(last, systemClock.monotonic() - begun);
      const { phase, state } = await world.row(id);
      if (phase === 'succeeded') promoted += 1;
      else
        expectSame(
          `the end with "${name}"`,
          [phase, (state as { reason: { code: string } }).reason.code],
          ['rolled_back', 'inconclusive'],
        );
      if (!service.asked.get(name)) throw new Error(`Nobody asked the service with "${name}".`);
    }
    return { 'promotions on no evidence': promoted, 'all ended, each by its gate’s deadline': last };
  },
});

export const metricOutages: readonly Outage[] = [judged];
