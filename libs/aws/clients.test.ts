import { GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ClientCache, type ClientSettings } from './clients.js';
import { hasCredentialsInEnvironment } from './config.js';

const make = (settings: ClientSettings) => ({ settings, destroy: () => undefined });
const address = { accountId: '123456789012', region: 'eu-west-1' };

describe('AWS clients', () => {
  it('are made once per account and region', () => {
    const clients = new ClientCache({}, make, false);
    expect(clients.for(address)).toBe(clients.for({ ...address }));
    expect(clients.for(address)).not.toBe(clients.for({ ...address, region: 'us-east-1' }));
  });

  it('tell an emulator the account through the access key when nobody gave credentials', () => {
    const clients = new ClientCache({ endpoint: 'http://127.0.0.1:3001' }, make, false);
    expect(clients.for(address).settings.credentials).toMatchObject({ accessKeyId: '123456789012' });
  });

  it('leave credentials to the SDK on real AWS, and wherever the environment has some', () => {
    expect(new ClientCache({}, make, false).for(address).settings).not.toHaveProperty('credentials');
    const withEndpoint = new ClientCache({ endpoint: 'http://127.0.0.1:3001' }, make, true);
    expect(withEndpoint.for(address).settings).not.toHaveProperty('credentials');
  });

  it('are replaced when AWS says that their session has ended, and only then', async () => {
    let fails = 'TooManyRequestsException';
    type Middleware = (next: (args: unknown) => Promise<unknown>) => (args: unknown) => Promise<unknown>;
    const observed = () => {
      let call: (args: unknown) => Promise<unknown> = () => Promise.reject(Object.assign(new Error(), { name: fails }));
      const middlewareStack = {
        add(middleware: Middleware) {
          call = middleware(call);
        },
      };
      return { middlewareStack, destroy: () => undefined, send: () => call({}) };
    };
    const clients = new ClientCache({}, observed, false);
    const first = clients.for(address);
    await expect(first.send()).rejects.toThrow();
    expect(clients.for(address)).toBe(first);
    fails = 'ExpiredTokenException';
    await expect(first.send()).rejects.toThrow();
    const second = clients.for(address);
    expect(second).not.toBe(first);
    // A call that was under way on the old client does not take the new one away.
    await expect(first.send()).rejects.toThrow();
    expect(clients.for(address)).toBe(second);
  });

  it('are kept for so many accounts and regions, the ones wanted last', () => {
    const clients = new ClientCache({}, make, false, 2);
    const region = (name: string) => clients.for({ ...address, region: name });
    const [a, b] = [region('a'), region('b')];
    expect(region('a')).toBe(a);
    region('c');
    expect(region('a')).toBe(a);
    expect(region('b')).not.toBe(b);
  });

  it('are closed when they make room, not before the last call on them is over, and each once', async () => {
    const answers: (() => void)[] = [];
    const closed: string[] = [];
    const clients = new ClientCache(
      { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
      (settings) => {
        const requestHandler = {
          handle: () =>
            new Promise<{ response: object }>((resolve) =>
              answers.push(() => resolve({ response: { statusCode: 200, headers: {}, body: new Uint8Array() } })),
            ),
          destroy: () => closed.push(String(settings.region)),
        };
        return new LambdaClient({ ...settings, requestHandler: requestHandler as never });
      },
      false,
      1,
    );
    const call = (region: string) =>
      clients.for({ ...address, region }).send(new GetAliasCommand({ FunctionName: 'f', Name: 'l' }));
    const underWay = [call('a'), call('a')];
    while (answers.length < 2) await new Promise(setImmediate);
    // Given and called in one breath, while it makes room for the next.
    underWay.push(call('b'), call('c'));
    while (answers.length < 4) await new Promise(setImmediate);
    expect(closed).toEqual([]);
    answers[0]?.();
    await underWay[0];
    expect(closed).toEqual([]);
    answers[1]?.();
    await underWay[1];
    expect(closed).toEqual(['a']);
    answers[2]?.();
    await underWay[2];
    expect(closed).toEqual(['a', 'b']);
    clients.for(address);
    clients.close();
    answers[3]?.();
    await underWay[3];
    expect(closed).toEqual(['a', 'b', 'eu-west-1', 'c']);
  });

  it('never repeat a call by themselves', () => {
    expect(new ClientCache({}, make, false).for(address).settings.maxAttempts).toBe(1);
  });
});

describe('credentials in the environment', () => {
  it('are those that the SDK would find there', () => {
    expect(hasCredentialsInEnvironment({ AWS_PROFILE: 'production' })).toBe(true);
    expect(hasCredentialsInEnvironment({ AWS_ACCESS_KEY_ID: ' ', AWS_REGION: 'eu-west-1' })).toBe(false);
  });
});
