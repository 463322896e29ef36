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
