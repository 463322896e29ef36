import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '#runtime';
import { type Outage, outage } from './outage.js';
import { allEndedAs, expectSame, staying, twoSteps } from './stories.js';
import type { OutageWorld } from './world.js';

const ENGINES = ['redis'] as const;

interface Role {
  /** The access key id that is handed out now. */
  current: string;
  /** How often somebody came to fetch it. */
  fetched: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** What ECS and EKS give a process instead of keys: an address that hands out those of a role, good for a while. */
async function openRole(world: OutageWorld, goodForMs: number): Promise<Role> {
  const server = createServer((_request, response) => {
    role.fetched += 1;
    const expiration = new Date(systemClock.now() + goodForMs).toISOString();
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        AccessKeyId: role.current,
        SecretAccessKey: 'a-secret',
        Token: 'a-token',
        Expiration: expiration,
      }),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  const role: Role = {
    current: 'ROLE-FIRST',
    fetched: 0,
    environment: {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/role`,
    },
  };
  return role;
}

const expiring = outage({
  fault: 'F25',
  title: 'the role’s session ends mid step, before the time it was said to be good for',
  mustHold: ['I1', 'I2', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18'],
  bounds: {
    'rollout goes on with fresh credentials': { most: 5_000, unit: 'ms' },
    'writes that took effect twice': { most: 0, unit: 'writes' },
  },
  engines: ENGINES,
  sample: true,
  async run(world) {
    const role = await openRole(world, 3_600_000);
    await Promise.all([world.startApi(), world.startWorker({ environment: role.environment })]);
    const { id, target } = await world.deploy(await world.target(), { more: twoSteps });
    await world.untilPhase(id, 'baking');
    await world.lambda.fault({
      kind: 'deny',
      operation: '*',
      actor: role.current,
      reasonCode: 'ExpiredTokenException',
    });
    role.current = 'ROLE-SECOND';
    const goesOn = await world.until('a call with the fresh credentials', 30_000, async () => {
      const calls = await world.lambda.log();
      return calls.some(({ actor, outcome }) => actor === role.current && outcome === 'ok');
    });
    await allEndedAs(world, 'succeeded', '2');
    const landed = (await world.lambda.log('UpdateAlias')).filter(({ outcome }) => outcome === 'ok');
    if (role.fetched < 2) throw new Error('Nobody fetched fresh credentials.');
    expectSame('the versions', await world.lambda.versions(target.name), ['1', '2']);
    return {
      'rollout goes on with fresh credentials': goesOn,
      // Two weights and the promotion.
      'writes that took effect twice': landed.length - 3,
    };
  },
});

const revoked = outage({
  fault: 'F24',
  title: 'UpdateAlias is denied in the middle of a rollout, and an abort meets the same',
  mustHold: ['I1', 'I2', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18'],
  bounds: {
    'told that a person is needed': { most: 5_000, unit: 'ms' },
    'restored after access is back and somebody asks': { most: 5_000, unit: 'ms' },
  },
  engines: ENGINES,
  sample: true,
  async run(world) {
    const { worker } = await world.startBoth();
    const target = await world.target();
    const { id } = await world.deploy(target, { more: staying });
    await world.untilPhase(id, 'baking');
    await world.lambda.fault({ kind: 'deny', operation: 'UpdateAlias' });
    await world.post(`/v1/deployments/${id}/abort`, {});
    const told = await world.untilPhase(id, 'needs_human');
    const attempts = (await world.lambda.log('UpdateAlias')).filter(
      ({ outcome }) => outcome === 'AccessDeniedException',
    );
    if (attempts.length === 0) throw new Error('No rollback was attempted.');
    expectSame('the alias', await world.lambda.alias(target), { version: '1', weights: { 2: 0.1 } });
    const shown = await world.ask('GET', `/v1/deployments/${id}`);
    if (!JSON.stringify(shown.body).includes('permission') && !JSON.stringify(shown.body).includes('IAM')) {
      throw new Error(`The deployment does not say what is missing: ${JSON.stringify(shown.body)}`);
    }
    await world.lambda.clearFaults();
    const resolved = await world.post(`/v1/deployments/${id}/restore`, {});
    if (resolved.status >= 300)
      throw new Error(`Resolving was answered ${resolved.status}: ${JSON.stringify(resolved.body)}`);
    const restored = await world.untilPhase(id, 'rolled_back');
    expectSame('the alias after the restore', await world.lambda.alias(target), { version: '1', weights: {} });
    if (worker.isOver) throw new Error('The worker ended.');
    return { 'told that a person is needed': told, 'restored after access is back and somebody asks': restored };
  },
});

export const credentialOutages: readonly Outage[] = [revoked, expiring];
