import type { FunctionAddress, LambdaControl } from '#aws';
import { sha256 } from './memory-lambda.js';

/** A Lambda to be held to its promises: the emulator through the SDK, or the one the simulator believes in. */
export interface LambdaUnderTest {
  readonly lambda: LambdaControl;
  /** A function with version 1, its alias `live` on it, settled. */
  createFunction(): Promise<FunctionAddress>;
  /** A package that no other call returned. */
  newCode(): Uint8Array;
  /** Until updates have settled. */
  settle(fn: FunctionAddress): Promise<void>;
}

const CALL = { timeoutMs: 10_000 };

export function describeLambda(open: () => Promise<LambdaUnderTest>): void {
  let world: LambdaUnderTest;
  beforeAll(async () => {
    world = await open();
  });

  async function alias(fn: FunctionAddress) {
    const answer = await world.lambda.getAlias(fn, 'live', CALL);
    if (!answer.ok) throw new Error(answer.fault.internal);
    return answer.value;
  }

  async function latest(fn: FunctionAddress) {
    const answer = await world.lambda.getFunction(fn, '$LATEST', CALL);
    if (!answer.ok) throw new Error(answer.fault.internal);
    return answer.value;
  }

  async function upload(fn: FunctionAddress, bytes: Uint8Array, revisionId?: string, publish = true) {
    const fence = { revisionId: revisionId ?? (await latest(fn)).revisionId };
    return world.lambda.updateFunctionCode(fn, { kind: 'zip', bytes }, fence, { publish }, CALL);
  }

  const coded = (code: string) => ({ ok: false, fault: { code } });

  it('an alias is written under its present RevisionId, which then is another', async () => {
    const fn = await world.createFunction();
    await upload(fn, world.newCode());
    const before = await alias(fn);
    const wanted = { version: '1', canary: { version: '2', weightPercent: 12.5 } };
    const written = await world.lambda.updateAlias(fn, 'live', wanted, before, CALL);
    expect(written).toMatchObject({ ok: true, value: wanted });
    const after = await alias(fn);
    expect(after).toMatchObject({ ...wanted, additional: 1 });
    expect(after.revisionId).not.toBe(before.revisionId);
    expect(written.ok && written.value.revisionId).toBe(after.revisionId);
    expect(await world.lambda.updateAlias(fn, 'live', { version: '1' }, before, CALL)).toMatchObject(
      coded('precondition_failed'),
    );
    expect((await alias(fn)).revisionId).toBe(after.revisionId);
    expect(await world.lambda.updateAlias(fn, 'live', { version: '2' }, after, CALL)).toMatchObject({ ok: true });
    expect(await alias(fn)).toMatchObject({ version: '2', additional: 0 });
  });

  it('a new description gives a new RevisionId where nothing else changes', async () => {
    const fn = await world.createFunction();
    const before = await alias(fn);
    const fence = { revisionId: before.revisionId, description: 'restored' };
    const written = await world.lambda.updateAlias(fn, 'live', { version: '1' }, fence, CALL);
    expect(written.ok && written.value.revisionId).not.toBe(before.revisionId);
    expect(await alias(fn)).toMatchObject({ description: 'restored', version: '1' });
  });

  it('says "not found" for a missing function, alias or version', async () => {
    const fn = await world.createFunction();
    const { revisionId } = await alias(fn);
    expect(await world.lambda.getAlias(fn, 'nowhere', CALL)).toMatchObject(coded('not_found'));
    expect(await world.lambda.getFunction({ ...fn, functionName: 'nobody' }, '$LATEST', CALL)).toMatchObject(
      coded('not_found'),
    );
    expect(await world.lambda.getFunction(fn, '77', CALL)).toMatchObject(coded('not_found'));
    expect(await world.lambda.updateAlias(fn, 'live', { version: '77' }, { revisionId }, CALL)).toMatchObject(
      coded('not_found'),
    );
    expect((await alias(fn)).revisionId).toBe(revisionId);
  });

  it('refuses a canary that is its own stable version', async () => {
    const fn = await world.createFunction();
    const wanted = { version: '1', canary: { version: '1', weightPercent: 10 } };
    expect(await world.lambda.updateAlias(fn, 'live', wanted, await alias(fn), CALL)).toMatchObject(
      coded('invalid_request'),
    );
  });

  it('uploads and publishes in one call, under the token of $LATEST', async () => {
    const fn = await world.createFunction();
    const bytes = world.newCode();
    expect(await upload(fn, bytes, '00000000-0000-0000-0000-000000000000')).toMatchObject(coded('precondition_failed'));
    expect(await upload(fn, bytes)).toMatchObject({ ok: true, value: { version: '2', codeSha256: sha256(bytes) } });
    expect(await world.lambda.getFunction(fn, '2', CALL)).toMatchObject({
      ok: true,
      value: { version: '2', codeSha256: sha256(bytes) },
    });
  });

  it('answers "update in progress" until an update has settled, and $LATEST then has another token', async () => {
    const fn = await world.createFunction();
    const answer = await upload(fn, world.newCode(), undefined, false);
    expect(answer).toMatchObject({ ok: true, value: { version: '$LATEST', lastUpdateStatus: 'InProgress' } });
    expect(await upload(fn, world.newCode())).toMatchObject(coded('update_in_progress'));
    await world.settle(fn);
    const settled = await latest(fn);
    expect(settled.lastUpdateStatus).toBe('Successful');
    expect(answer.ok && answer.value.revisionId).not.toBe(settled.revisionId);
  });

  it('changes the members of a patch and keeps the others', async () => {
    const fn = await world.createFunction();
    const before = await latest(fn);
    const patch = { environment: { COLOR: 'green' } };
    expect(await world.lambda.updateFunctionConfiguration(fn, patch, before, CALL)).toMatchObject({ ok: true });
    await world.settle(fn);
    const after = await latest(fn);
    expect(after.configuration).toEqual({ ...before.configuration, ...patch });
    expect(after.codeSha256).toBe(before.codeSha256);
  });

  it('publishes what changed, under token and hash, and gives the old number back when nothing did', async () => {
    const fn = await world.createFunction();
    const bytes = world.newCode();
    await upload(fn, bytes, undefined, false);
    await world.settle(fn);
    const { revisionId, codeSha256 } = await latest(fn);
    const other = { revisionId, codeSha256: sha256(Uint8Array.of(9, 9, 9)) };
    expect(await world.lambda.publishVersion(fn, other, '', CALL)).toMatchObject(coded('invalid_request'));
    const fence = { revisionId, codeSha256 };
    const published = await world.lambda.publishVersion(fn, fence, 'why', CALL);
    expect(published).toMatchObject({ ok: true, value: { version: '2', codeSha256: sha256(bytes) } });
    const again = { revisionId: (await latest(fn)).revisionId, codeSha256 };
    expect(await world.lambda.publishVersion(fn, again, 'another', CALL)).toMatchObject({
      ok: true,
      value: { version: '2' },
    });
    const listed = await world.lambda.listVersions(fn, CALL);
    expect(listed.ok && listed.value.map(({ version }) => version)).toEqual(['1', '2']);
  });

  it('gives the code of a version back, byte for byte', async () => {
    const fn = await world.createFunction();
    const bytes = world.newCode();
    await upload(fn, bytes);
    const reading = await world.lambda.getFunction(fn, '2', CALL);
    if (!reading.ok) throw new Error(reading.fault.internal);
    const downloaded = await world.lambda.downloadCode(reading.value, CALL);
    expect(downloaded.ok && Buffer.from(downloaded.value).equals(Buffer.from(bytes))).toBe(true);
  });
}
