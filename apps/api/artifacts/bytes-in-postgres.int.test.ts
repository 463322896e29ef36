import { bytesInPostgres } from '#sources';
import { describeArtifactBytes } from '../../../libs/sources/artifact-bytes.contract.js';
import { startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describeArtifactBytes('Postgres', () => {
  const bytes = bytesInPostgres(api.store.artifacts);
  return {
    bytes,
    place: () => api.store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: bytes.newStorage() }),
  };
});
