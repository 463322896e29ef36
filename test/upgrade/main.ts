import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '#runtime';
import { startEmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { EngineWorld } from '../engine/engine-world.js';
import { dumpDatabase, type FixtureHead, type TableRow, writeFixture } from './fixture.js';
import { type Expectation, upgradeStories } from './story.js';

/**
 * Makes the fixture of this release for `upgrade.int.test.ts`: real rollouts, left in every phase by a worker that was
 * stopped or killed, with the database and the Lambda they were left in. Run once per release, before its version is
 * raised:
 *
 *   npm run upgrade:fixture
 */
const release = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-fixture-'));
  chmodSync(dataDir, 0o711);
  const lambdaFolder = join(dataDir, 'emulator');
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false, clock: systemClock });
  process.env['SLUICE_TEST_DATABASE_URL'] = postgres.url;
  const rows: TableRow[] = [];
  const expectations: Expectation[] = [];
  const leftAt: Record<string, number> = {};
  let migrations: FixtureHead['migrations'] = [];
  try {
    for (const [index, story] of upgradeStories.entries()) {
      // One Lambda for all, a database for each: a worker that is about to be killed finds nothing else to do.
      const world = await EngineWorld.open(undefined, silentLogger, { emulator: { dataDir: lambdaFolder } });
      try {
        const target = await world.target(undefined, `upgrade-${index + 1}`);
        const ids = await story.leave(world, target);
        await world.stopWorkers();
        for (const [place, id] of ids.entries()) {
          const row = await world.row(id);
          const expected = story.expected[place];
          if (!expected) throw new Error(`Nothing is expected of deployment ${place + 1} of "${story.name}".`);
          const known = { story: story.name, deploymentId: id, functionName: target.functionName, left: row.phase };
          expectations.push({ ...known, ...expected });
          leftAt[id] = row.readAt;
          console.log(`${story.name}: left ${row.phase}`);
        }
        const dump = await dumpDatabase(world.database.url);
        rows.push(...withKnownArtifacts(dump.rows, rows));
        migrations = dump.migrations;
      } finally {
        await world.close();
      }
    }
    console.log(`Written: ${writeFixture({ release, migrations, leftAt, expectations }, rows, lambdaFolder)}`);
  } finally {
    await postgres.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The same code shipped in two databases is one artifact in the one that both become. */
function withKnownArtifacts(added: readonly TableRow[], known: readonly TableRow[]): TableRow[] {
  const artifacts = (list: readonly TableRow[]) => list.filter(({ table }) => table === 'artifacts');
  const ids = new Map(artifacts(known).map(({ row }) => [row['sha256'], row['id']]));
  const renamed = new Map(
    artifacts(added).flatMap(({ row }) => (ids.has(row['sha256']) ? [[row['id'], ids.get(row['sha256'])]] : [])),
  );
  return added.flatMap(({ table, row }) => {
    const own = table === 'artifacts' ? row['id'] : row['artifact_id'];
    if (!renamed.has(own)) return [{ table, row }];
    return table === 'deployments' ? [{ table, row: { ...row, artifact_id: renamed.get(own) } }] : [];
  });
}

await main();
process.exit(0);
