import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import pg from 'pg';

/**
 * The least an accept can be: Fastify, one JSON body, one prepared statement that writes a deployment and its event.
 * No key, no validation, no idempotency, no queue. A process of its own, as Sluice's API is.
 *
 *   node raw-accept.js <database url> <port>
 */
const [databaseUrl = '', port = '0'] = process.argv.slice(2);

const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
await pool.query(`CREATE TABLE IF NOT EXISTS raw_deployments (id uuid PRIMARY KEY, target text NOT NULL, phase text NOT NULL,
  state jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`);
await pool.query(`CREATE TABLE IF NOT EXISTS raw_events (deployment_id uuid, seq int, type text NOT NULL, data jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (deployment_id, seq))`);

const text = `WITH deployment AS (
    INSERT INTO raw_deployments (id, target, phase, state) VALUES ($1, $2, 'queued', $3) RETURNING id
  ) INSERT INTO raw_events (deployment_id, seq, type, data) SELECT id, 1, 'Accepted', $3 FROM deployment`;

const server = fastify({ logger: false });
server.post('/v1/deployments', async (request, reply) => {
  const body = request.body as { target: string };
  const id = randomUUID();
  await pool.query({ name: 'accept', text, values: [id, body.target, JSON.stringify(body)] });
  return reply.status(202).send({ id, target: body.target, phase: 'queued' });
});
server.get('/ready', async () => ({ status: 'ready' }));
await server.listen({ port: Number(port), host: '127.0.0.1' });
