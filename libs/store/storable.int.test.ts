import type { RolloutEvent } from '#rollout';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted, loaded, moved, newTarget, wishFor } from '../../test/world/rollouts.js';
import type { DeploymentRow } from './api.js';
import { verifyChain } from './events.js';
import type { Store } from './store.js';

let opened: FreshStore;
let store: Store;
beforeAll(async () => {
  opened = await freshStore(4);
  store = opened.store;
});
afterAll(() => opened.close());

/** As what AWS, a log or a metrics server says may be, once it was cut off by its length. */
const said = 'NUL \u0000 and half a smile \ud83d';
const kept = 'NUL \ufffd and half a smile \ufffd';

async function preparing(): Promise<DeploymentRow> {
  const row = await accepted(store, wishFor(await newTarget(store)));
  const event = { type: 'Started', at: row.readAt } as const;
  await store.deployments.start(row, event, moved(row.state, event), 'test');
  return loaded(store, row.id);
}

const failing: RolloutEvent = { type: 'PreparationFailed', at: 2, reason: { code: 'update_failed', sentence: said } };

test.each(['one', 'several at once'])(
  'a sentence that cannot be stored keeps no end from being recorded: %s',
  async (how) => {
    const rows = await Promise.all(Array.from({ length: how === 'one' ? 1 : 12 }, preparing));
    const answers = await Promise.all(
      rows.map((row) =>
        store.deployments.record(row, failing, moved(row.state, failing), { actor: 'w', nextAt: undefined }),
      ),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(rows.map(() => 'recorded'));
    for (const { id } of rows) {
      const events = await store.events.after(id, 0, 100);
      expect(events.at(-1)?.data).toMatchObject({ reason: { sentence: kept } });
      expect(await loaded(store, id)).toMatchObject({ phase: 'failed', state: { reason: { sentence: kept } } });
      expect(verifyChain(events)).toEqual({ ok: true });
    }
  },
);

test('nor an act that holds its row, a look at the evidence, a question’s answer, or being set aside', async () => {
  const row = await preparing();
  const evidence = { verdict: 'continue', sentence: said, numbers: {}, judge: null, at: 1 } as const;
  expect(await store.deployments.rearm(row, row.readAt - 1, evidence)).toBe(true);
  expect((await loaded(store, row.id)).evidence?.sentence).toBe(kept);
  expect(await store.deployments.setAside(row.id, undefined, said)).toBeGreaterThan(0);
  expect((await loaded(store, row.id)).stuck?.why).toBe(kept);
  const question = await store.queries.ask('default', 'plan', {});
  await store.queries.answer(question, { sentence: said });
  expect((await store.queries.get('default', question))?.result).toEqual({ sentence: kept });
  const held = await store.deployments.hold('default', row.id, async (seen, record) =>
    record(seen as DeploymentRow, failing, moved((seen as DeploymentRow).state, failing), {
      actor: 'ann',
      nextAt: undefined,
    }),
  );
  expect(held.kind).toBe('recorded');
});
