import type { AcceptFacts, AcceptQuestion } from '../api.js';
import { type Executor, prepared } from '../database.js';
import { sharedLook } from '../look-together.js';
import { ms, type RawRow, ROW_COLUMNS, ROW_SOURCE, readAnyRow, readTarget, targetColumns } from './row.js';

/**
 * One row for each question, in their order: the target, whether the artifact is there, and the deployment that the key
 * led to before. What is not there is null. `LIMIT` keeps each of them a look by key: as plain joins they were planned
 * while the tables were empty, by reading all of them, and so they stayed.
 */
const FACTS = prepared(
  'accept_facts',
  `SELECT w.nth, wanted.*, artifact.id AS wanted_artifact, key.deployment_id AS known_id, key.request_hash AS known_hash,
    ${ms('clock_timestamp()')} AS at, repeated.*
  FROM unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[])
    WITH ORDINALITY w(project_id, target_id, target_name, artifact_id, key, nth)
  LEFT JOIN LATERAL (
    SELECT ${targetColumns('wanted_')} FROM (
      SELECT * FROM targets n WHERE n.project_id = w.project_id AND n.name = w.target_name
      UNION ALL SELECT * FROM targets i WHERE i.id = w.target_id AND i.project_id = w.project_id
    ) t
  ) wanted ON true
  LEFT JOIN LATERAL (
    SELECT a.id FROM artifacts a
    WHERE a.id = w.artifact_id AND a.project_id = w.project_id AND a.completed_at IS NOT NULL LIMIT 1
  ) artifact ON true
  LEFT JOIN LATERAL (
    SELECT k.deployment_id, k.request_hash FROM idempotency_keys k
    WHERE k.project_id = w.project_id AND k.key = w.key LIMIT 1
  ) key ON true
  LEFT JOIN LATERAL (SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.id = key.deployment_id LIMIT 1) repeated ON true
  ORDER BY w.nth`,
);

/**
 * Everything a request to deploy has to know before it writes, in one round trip that requests share when they come
 * together. The same question from several (a request that is repeated in a storm) has one answer, the same object.
 */
export function acceptFacts(executor: Executor): (question: AcceptQuestion) => Promise<AcceptFacts> {
  return sharedLook((questions: readonly AcceptQuestion[]) => look(executor, questions));
}

async function look(executor: Executor, questions: readonly AcceptQuestion[]): Promise<AcceptFacts[]> {
  const different = new Map<string, AcceptQuestion>();
  const names = questions.map(nameOf);
  for (const [index, question] of questions.entries()) different.set(names[index] ?? '', question);
  const asked = [...different.values()];
  const { rows } = await executor.query<RawRow>(
    FACTS([
      asked.map(({ projectId }) => projectId),
      asked.map(({ target }) => ('id' in target ? target.id : null)),
      asked.map(({ target }) => ('name' in target ? target.name : null)),
      asked.map(({ artifactId }) => artifactId ?? null),
      asked.map(({ idempotencyKey }) => idempotencyKey ?? null),
    ]),
  );
  const found = new Map([...different.keys()].map((name, index) => [name, readFacts(asked[index], rows[index])]));
  return names.map((name) => found.get(name) as AcceptFacts);
}

/** Says the same only of the same question. */
function nameOf({ projectId, target, artifactId, idempotencyKey }: AcceptQuestion): string {
  return JSON.stringify([projectId, target, artifactId, idempotencyKey]);
}

function readFacts(question: AcceptQuestion | undefined, raw: RawRow | undefined): AcceptFacts {
  if (!question || !raw) throw new Error('A look for an accept has another number of rows than questions.');
  return {
    target: raw['wanted_id'] === null ? undefined : readTarget(raw, 'wanted_', question.projectId),
    artifactId: (raw['wanted_artifact'] as string | null) ?? undefined,
    repeated:
      raw['known_id'] === null
        ? undefined
        : {
            deploymentId: raw['known_id'] as string,
            requestHash: raw['known_hash'] as string,
            row: raw['id'] === null ? undefined : readAnyRow(raw),
          },
    at: raw['at'] as number,
  };
}
