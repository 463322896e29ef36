import { readFileSync, writeFileSync } from 'node:fs';
import { actions, errorCodes, type Route, routes } from '#contracts';
import { openApiDocument } from './document.js';
import { documentText } from './document-text.js';
import { errorsDocument } from './errors-document.js';

const REMEDY =
  'Remedy: SLUICE_WRITE_DOCUMENTS=1 NODE_OPTIONS=--experimental-vm-modules npx jest apps/api/openapi/documents';

beforeAll(() => {
  if (process.env['SLUICE_WRITE_DOCUMENTS'] !== '1') return;
  writeFileSync('apps/api/openapi.json', documentText());
  writeFileSync('docs/errors.md', errorsDocument());
});

test(`the OpenAPI document that is checked in is the one the contracts give. ${REMEDY}`, () => {
  expect(readFileSync('apps/api/openapi.json', 'utf8')).toBe(documentText());
});

test(`docs/errors.md is the page the error catalogue gives. ${REMEDY}`, () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsDocument());
});

test('every error code has a section that its problem type points at', () => {
  const page = readFileSync('docs/errors.md', 'utf8');
  expect(errorCodes.filter((code) => !page.includes(`\n## ${code}\n`))).toEqual([]);
});

test('every route of the table is described, with a key wherever one is asked for', () => {
  const { paths = {} } = openApiDocument();
  for (const [name, route] of Object.entries<Route>(routes)) {
    const operation = (paths[route.path] as Record<string, { operationId: string; security: unknown[] }>)[
      route.method.toLowerCase()
    ];
    expect(operation?.operationId).toBe(name);
    expect(operation?.security).toEqual(route.scope === null ? [] : [{ apiKey: [] }]);
  }
});

test('every action that a deployment can allow has a route', () => {
  const paths = Object.values<Route>(routes).map((route) => route.path);
  expect(actions.filter((action) => !paths.includes(`/v1/deployments/{id}/${action}`))).toEqual([]);
});
