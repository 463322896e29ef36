import { deployment, drifted, ended, promoted, rolledBack } from '../sample.fixture.js';
import { liveLines, statusLines } from './deployment.js';
import { historyLines } from './history.js';
import { plainStyle, type Style } from './style.js';

const unicode: Style = { colour: false, unicode: true, columns: 80 };

describe('status', () => {
  test('says what is live, what is moving, how long that takes, and what to type next', () => {
    expect(statusLines(plainStyle, deployment()).join('\n')).toBe(`checkout: baking

  stable  version 4  [##################..]   90 %
  canary  version 5  [##..................]   10 %
  Step      1 of 2: 10 % for 20s, 12s left, then the verdict, then 50 %
  Evidence  canary 0 errors in 28 invocations (0 %); stable 3 errors in 1,222 invocations (0.25 %)
  Judge     not enough seen yet
  Rollback  version 4 is the rollback point
  Strategy  demo: 10 % for 20s, 50 % for 20s, then promotion
  Ships     zip abababababab
  Target    function checkout-fn, alias live, eu-central-1, account 111122223333
  Message   voucher codes
  Commit    1234567ab
  Started   2026-01-31 11:59:58 UTC by ci
  Id        785a268a-b8a9-4a4b-afa0-3cba12f2ce28

Next:
  sluice promote checkout  skip the remaining steps: all traffic to version 5
  sluice pause checkout    hold the weight where it is
  sluice abort checkout    stop, and give version 4 all traffic back

If Sluice itself is down, this gives version 4 all traffic back:
  aws lambda update-alias --function-name checkout-fn --name live --function-version 4`);
  });

  test('a drifted deployment shows what was found and the three ways out', () => {
    const lines = statusLines(plainStyle, deployment(drifted));
    expect(lines).toContain('  live    version 3  [####################]  100 %');
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}Expected +90 % on version 4, 10 % on version 5$/));
    expect(lines.filter((line) => line.includes('sluice resolve checkout --'))).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('sluice abort');
  });

  test('what keeps it from going on is told with its remedy', () => {
    const trouble = { since: '2026-01-31T12:00:00Z', sentence: 'It cannot be read.', remedy: 'Start the newer one.' };
    const text = statusLines(plainStyle, deployment({ trouble, strategy: 'unknown', steps: [] })).join('\n');
    expect(text).toMatch(
      / {2}Trouble +since 2026-01-31 12:00:00 UTC: It cannot be read\.\n {2}Remedy +Start the newer one\./,
    );
    expect(text).not.toContain('Strategy');
  });

  test('after a rollback it says why, and what to do about it', () => {
    const text = statusLines(plainStyle, deployment(rolledBack)).join('\n');
    expect(text).toContain('Rolled back to version 4: errors rose.');
    expect(text).toContain('What to do  Mend it.');
    expect(text).toContain('live    version 4  [####################]  100 %');
  });

  test('after a promotion the way back is one command', () => {
    expect(statusLines(plainStyle, deployment(promoted)).join('\n')).toContain('sluice rollback checkout --to 4');
  });

  test('what waits in the queue is named by its id, because the target means the active one', () => {
    const queued = deployment({ phase: 'queued', alias: null, step: null, allowedActions: ['cancel', 'abort'] });
    expect(statusLines(plainStyle, queued).join('\n')).toContain('sluice cancel 785a268a-b8a9-4a4b-afa0-3cba12f2ce28');
  });
});

describe('the live view', () => {
  test('counts down from the answer by the time that has passed since', () => {
    expect(liveLines(unicode, deployment(), 5000).join('\n')).toBe(`checkout: baking
  stable  version 4  ██████████████████░░   90 %
  canary  version 5  ██░░░░░░░░░░░░░░░░░░   10 %
  Step      1 of 2: 10 % for 20s, 7s left, then the verdict, then 50 %
  Evidence  canary 0 errors in 28 invocations (0 %); stable 3 errors in 1,222 invocations (0.25 %)
  Judge     not enough seen yet`);
  });

  test.each([
    [
      { phase: 'gated', gate: 'approval', step: 1, deadlineAt: '2026-01-31T13:00:08.000Z' },
      '2 of 2: 50 %, waiting for a person to approve; rolls back in 1h if nobody does',
    ],
    [
      { phase: 'gated', gate: 'analysis', deadlineAt: '2026-01-31T12:30:08.000Z' },
      '1 of 2: 10 %, bake over, gathering evidence for up to 30m',
    ],
    [
      { phase: 'paused', deadlineAt: '2026-02-01T12:00:08.000Z' },
      '1 of 2: 10 %, paused; rolls back in 1d unless resumed',
    ],
    [{ phase: 'shifting' }, '1 of 2: 10 %, shifting'],
    [{ phase: 'promoting', step: 2 }, 'all 2 steps passed, promoting'],
  ])('step while %j', (changes, words) => {
    expect(liveLines(plainStyle, deployment(changes), 0)).toContainEqual(expect.stringContaining(words));
  });

  test('an adaptive rollout has no steps to count', () => {
    const adaptive = deployment({
      adaptive: true,
      steps: [],
      strategy: 'adaptive',
      headline: '10 % on version 5, going on.',
    });
    expect(liveLines(plainStyle, adaptive, 0)).toContain('  10 % on version 5, going on.');
    expect(statusLines(plainStyle, adaptive).join('\n')).toContain('the judge chooses the weights');
  });
});

describe('history', () => {
  const rows = [
    deployment(rolledBack),
    deployment({ ...promoted, message: null, commit: null }),
    deployment({
      ...ended,
      phase: 'failed',
      canaryVersion: null,
      message: null,
      commit: null,
      headline: 'x',
      reason: { code: 'update_failed', sentence: 'Lambda said no.' },
    }),
  ];

  test('a row each, with rollback point and reason', () => {
    expect(
      historyLines(plainStyle, 'checkout', rows).join('\n'),
    ).toBe(`WHEN (UTC)        VERSION  WHAT        OUTCOME      BACK TO  BY  ID
2026-01-31 11:59  4 -> 5   code, demo  rolled back  4        ci  785a268a-b8a9-4a4b-afa0-3cba12f2ce28
    "voucher codes" (1234567ab)
    errors rose.
2026-01-31 11:59  4 -> 5   code, demo  promoted     4        ci  785a268a-b8a9-4a4b-afa0-3cba12f2ce28
2026-01-31 11:59  4        code, demo  failed       4        ci  785a268a-b8a9-4a4b-afa0-3cba12f2ce28
    Lambda said no.`);
  });

  test('fits eighty columns, with the id on a line of its own', () => {
    const lines = historyLines({ ...unicode, columns: 80 }, 'checkout', rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines).toContain('    785a268a-b8a9-4a4b-afa0-3cba12f2ce28');
  });
});
