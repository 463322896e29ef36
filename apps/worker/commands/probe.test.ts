import { type ProbeTurn, prepareProbes } from './probe.js';

test('payloads that the worker has no key for end the deployment, and the sentence says so', async () => {
  const turn = {
    row: { id: 'one', target: { name: 'checkout', settings: { probes: { safe: true } } } },
    parts: { invoker: {}, store: { deployments: { probePayloads: async () => 'unreadable' } } },
    command: { type: 'Probe', round: 1 },
    state: { plan: { probes: { payloads: 1 } } },
    at: () => 1,
  } as unknown as ProbeTurn;
  expect(await prepareProbes(turn)).toMatchObject({
    event: {
      reason: {
        code: 'secrets_unreadable',
        sentence: 'The worker cannot open the payloads of this deployment’s probes.',
      },
    },
  });
});
