/** Who may import whom. The sentences are in ARCHITECTURE.md; this file is what holds them. */
const tests = '\\.(test|contract|fixture)\\.ts$';

/** Our rooms, and which other rooms of ours each may import. `runtime` is open to every room that lives in a process. */
const MAY_IMPORT = {
  'libs/rollout': [],
  'libs/analysis': [],
  'libs/runtime': [],
  'libs/contracts': ['libs/rollout'],
  'libs/store': ['libs/rollout', 'libs/runtime'],
  'libs/queue': ['libs/rollout', 'libs/runtime'],
  'libs/aws': ['libs/runtime'],
  'libs/metrics': ['libs/analysis', 'libs/aws', 'libs/runtime'],
  'libs/sources': ['libs/aws', 'libs/runtime'],
  'libs/notify': ['libs/runtime'],
  'apps/api': ['libs/rollout', 'libs/contracts', 'libs/store', 'libs/queue', 'libs/sources', 'libs/runtime'],
  'apps/worker': ['libs/'],
  'apps/cli': ['libs/contracts'],
  'apps/dashboard': ['libs/contracts'],
  'apps/emulator': [],
  'apps/standalone': ['apps/api', 'apps/worker', 'apps/emulator', 'libs/'],
};

const directions = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  name: `imports-of-${room.replace('/', '-')}`,
  comment: `${room} may import only: ${allowed.join(', ') || 'nothing of ours'}.`,
  severity: 'error',
  from: { path: `^${room}/`, pathNot: tests },
  to: {
    path: '^(libs|apps|test)/',
    pathNot: [`^${room}/`, ...allowed.map((path) => (path.endsWith('/') ? `^${path}` : `^${path}/`))],
  },
}));

/** Packages that belong to one room. */
const KEPT_IN = [
  { packages: '(@prisma|pg|pg-[^/]+)', rooms: ['libs/store', 'libs/queue'] },
  { packages: '(bullmq|@nestjs/bullmq|ioredis)', rooms: ['libs/queue', 'apps/worker'] },
  // The demo of apps/standalone plays the function's owner and its callers, who have an SDK of their own.
  { packages: '@aws-sdk/[^/]+', rooms: ['libs/aws', 'apps/standalone/demo'] },
];

const kept = KEPT_IN.map(({ packages, rooms }) => ({
  name: `only-in-${rooms.join('-and-').replaceAll('/', '-')}`,
  comment: `${packages} is used in ${rooms.join(' and ')} only.`,
  severity: 'error',
  from: { path: '^(libs|apps)/', pathNot: [tests, ...rooms.map((room) => `^${room}/`)] },
  to: { path: `^node_modules/${packages}(/|$)` },
}));

module.exports = {
  forbidden: [
    ...directions,
    ...kept,
    {
      name: 'pure-rollout',
      comment: 'libs/rollout decides what happens next; it imports nothing, not even Node.',
      severity: 'error',
      from: { path: '^libs/rollout/', pathNot: tests },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-peer', 'npm-optional'] },
    },
    {
      name: 'pure-analysis',
      comment: 'libs/analysis is arithmetic: evidence in, verdict out.',
      severity: 'error',
      from: { path: '^libs/analysis/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'contracts-take-types-only',
      comment: 'libs/contracts is what callers install; of libs/rollout it takes types only.',
      severity: 'error',
      from: { path: '^libs/contracts/', pathNot: tests },
      to: { path: '^libs/rollout/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'worker-without-client',
      comment: 'The worker acts; it never calls our own API.',
      severity: 'error',
      from: { path: '^apps/worker/', pathNot: tests },
      to: { path: '^libs/contracts/client' },
    },
    {
      name: 'plain-libraries',
      comment: 'Libraries are plain TypeScript; Nest lives in apps and in *.module.ts.',
      severity: 'error',
      from: { path: '^libs/', pathNot: [tests, '\\.module\\.ts$'] },
      to: { path: '^node_modules/@nestjs/' },
    },
    {
      name: 'no-cycles',
      comment: 'A cycle has no first file to read.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that cannot be resolved escapes every rule above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-tests-in-code',
      comment: 'Code does not import tests or the test world.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: tests },
      to: { path: [tests, '^test/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|generated|\\.sluice)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['sluice-src', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
