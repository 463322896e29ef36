import { Together, type WakeJob } from './together.js';

const job = (id: string, more: Partial<WakeJob['opts']> = {}): WakeJob => ({
  name: 'wake',
  data: { deploymentId: id, sequence: 1 },
  opts: { jobId: `${id}-1`, ...more },
});

/** An engine that answers when the test says so, and remembers each trip. */
function engine() {
  const trips: { readonly jobs: readonly WakeJob[]; readonly end: (error?: Error) => void }[] = [];
  const send = (jobs: readonly WakeJob[]) =>
    new Promise<void>((done, failed) => {
      trips.push({ jobs, end: (error) => (error ? failed(error) : done()) });
    });
  return { trips, send };
}

const turn = () => new Promise((done) => setImmediate(done));
const ids = (jobs: readonly WakeJob[] | undefined) => jobs?.map(({ data }) => data.deploymentId);

test('wake-ups of one turn of the event loop make one trip, in their order', async () => {
  const { trips, send } = engine();
  const together = new Together(send);
  const first = together.add(job('a'));
  // What a promise of the same turn asks for still comes along.
  const second = Promise.resolve().then(() => together.add(job('b', { lifo: true })));
  await turn();
  expect(trips.map(({ jobs }) => ids(jobs))).toEqual([['a', 'b']]);
  expect(trips[0]?.jobs[1]?.opts).toEqual({ jobId: 'b-1', lifo: true });
  trips[0]?.end();
  await expect(Promise.all([first, second])).resolves.toBeDefined();
});

test('nobody waits for a trip that is under way', async () => {
  const { trips, send } = engine();
  const together = new Together(send);
  void together.add(job('a'));
  await turn();
  const later = together.add(job('b'));
  await turn();
  expect(trips.map(({ jobs }) => ids(jobs))).toEqual([['a'], ['b']]);
  trips[1]?.end();
  await expect(later).resolves.toBeUndefined();
});

test('the same wake-up twice in one turn is sent once, and both are told', async () => {
  const { trips, send } = engine();
  const together = new Together(send);
  const both = Promise.all([together.add(job('a')), together.add(job('a', { delay: 5_000 }))]);
  await turn();
  expect(trips.map(({ jobs }) => jobs)).toEqual([[job('a')]]);
  trips[0]?.end();
  await expect(both).resolves.toHaveLength(2);
});

test('a trip that fails is told to everybody in it and to nobody else', async () => {
  const { trips, send } = engine();
  const together = new Together(send);
  const [a, b] = [together.add(job('a')), together.add(job('b'))];
  await turn();
  const c = together.add(job('c'));
  await turn();
  trips[0]?.end(new Error('no engine'));
  trips[1]?.end();
  await expect(a).rejects.toThrow('no engine');
  await expect(b).rejects.toThrow('no engine');
  await expect(c).resolves.toBeUndefined();
});

test('a great many leave in trips of at most 500', async () => {
  const { trips, send } = engine();
  const together = new Together(send);
  const all = Array.from({ length: 1_100 }, (_, index) => together.add(job(`d${index}`)));
  await turn();
  expect(trips.map(({ jobs }) => jobs.length)).toEqual([500, 500, 100]);
  for (const { end } of trips) end();
  await expect(Promise.all(all)).resolves.toHaveLength(1_100);
});
