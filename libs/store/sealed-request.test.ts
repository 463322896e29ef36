import { randomBytes } from 'node:crypto';
import { createRequestSeal } from './sealed-request.js';

const request = {
  configuration: { environment: { TOKEN: 'hunter2-canary', OLD: null }, timeoutSeconds: 5 },
  message: 'with a secret',
};
const [old, fresh] = [randomBytes(32), randomBytes(32)];

describe('the environment variables of a deployment', () => {
  it('are stored sealed, their names readable, and come back as they were', () => {
    const seal = createRequestSeal([fresh]);
    const stored = seal.seal(request, 'one');
    expect(JSON.stringify(stored)).not.toContain('hunter2-canary');
    expect(stored.configuration).toEqual({ environment: { TOKEN: '', OLD: null }, timeoutSeconds: 5 });
    expect(seal.open(stored, 'one')).toEqual(request);
  });

  it('never look the same twice', () => {
    const seal = createRequestSeal([fresh]);
    expect(seal.seal(request, 'one').sealed).not.toBe(seal.seal(request, 'one').sealed);
  });

  it('are opened with an older key while a new one seals', () => {
    const stored = createRequestSeal([old]).seal(request, 'one');
    expect(createRequestSeal([fresh, old]).open(stored, 'one')).toEqual(request);
    expect(createRequestSeal([fresh]).open(stored, 'one')).toBe('unreadable');
    expect(createRequestSeal([]).open(stored, 'one')).toBe('unreadable');
  });

  it('are not taken from another deployment’s row, nor once a bit has changed', () => {
    const seal = createRequestSeal([fresh]);
    const stored = seal.seal(request, 'one');
    expect(seal.open(stored, 'another')).toBe('unreadable');
    const sealed = stored.sealed ?? '';
    const flipped = `${sealed.slice(0, -4)}${sealed.at(-4) === 'A' ? 'B' : 'A'}${sealed.slice(-3)}`;
    expect(seal.open({ ...stored, sealed: flipped }, 'one')).toBe('unreadable');
  });

  it('are stored as they came without a key, and so is a request that sets none', () => {
    expect(createRequestSeal().seal(request, 'one')).toEqual(request);
    const plain = { configuration: { environment: { OLD: null }, memorySize: 256 } };
    expect(createRequestSeal([fresh]).seal(plain, 'one')).toEqual(plain);
  });
});

describe('the payloads of probes', () => {
  const payloads = [{ card: 'payload-canary-4711' }, null, 'text'];

  it('are stored sealed and come back as they were, with an older key too', () => {
    const stored = createRequestSeal([old]).sealPayloads(payloads, 'one');
    expect(JSON.stringify(stored)).not.toContain('payload-canary');
    expect(createRequestSeal([fresh, old]).openPayloads(stored, 'one')).toEqual(payloads);
    for (const keys of [[fresh], []]) expect(createRequestSeal(keys).openPayloads(stored, 'one')).toBe('unreadable');
  });

  it('are not taken from another deployment, nor for its environment variables', () => {
    const seal = createRequestSeal([fresh]);
    const stored = seal.sealPayloads(payloads, 'one');
    expect(seal.openPayloads(stored, 'another')).toBe('unreadable');
    const { sealed } = stored as { sealed: string };
    expect(seal.open({ ...request, sealed }, 'one')).toBe('unreadable');
    expect(seal.openPayloads({ sealed: seal.seal(request, 'one').sealed ?? '' }, 'one')).toBe('unreadable');
  });

  it('are read as they came where an older release, or one without a key, has stored them', () => {
    expect(createRequestSeal().sealPayloads(payloads, 'one')).toEqual(payloads);
    expect(createRequestSeal([fresh]).openPayloads(payloads, 'one')).toEqual(payloads);
  });
});
