import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { ApiUnreachable, type Client, type CreateDeployment, type DeploymentView } from '#contracts';
import { showOrWatch } from '../commands/show.js';
import type { Session } from '../connection/session.js';
import { note } from '../context.js';
import type { ExitCode } from '../exit-codes.js';
import { count } from '../render/words.js';
import { type DeployOptions, readRequest } from './deploy-request.js';
import { packFolder, sizeWords } from './pack-folder.js';
import { parseS3Uri } from './parse-s3-uri.js';
import { readZip } from './read-zip.js';
import { sayForecast } from './say-forecast.js';

export async function deploy(session: Session, target: string, options: DeployOptions): Promise<ExitCode> {
  const request = await readRequest(target, options, session.context.cwd);
  const client = await session.client();
  // A misspelt target is found before anything is uploaded.
  await client.getTarget(target);
  const told = options.quiet || session.json ? undefined : sayForecast(session, client, request);
  const artifact = await provideArtifact(session, client, options).finally(() => told);
  const body = artifact ? { ...request, artifact } : request;
  const deployment = await ask(session, client, body, options.idempotencyKey ?? randomUUID());
  return showOrWatch(session, deployment, options.watch);
}

type Artifact = NonNullable<CreateDeployment['artifact']>;

async function provideArtifact(
  session: Session,
  client: Client,
  options: DeployOptions,
): Promise<Artifact | undefined> {
  const { cwd } = session.context;
  if (options.dir !== undefined) return uploadFolder(session, client, resolve(cwd, options.dir));
  if (options.zip !== undefined) return uploadZip(session, client, resolve(cwd, options.zip));
  if (options.s3 !== undefined) return { s3: parseS3Uri(options.s3) };
  return options.image === undefined ? undefined : { imageUri: options.image };
}

async function uploadFolder(session: Session, client: Client, folder: string): Promise<Artifact> {
  const { bytes, sha256, fileCount, suspicious } = await packFolder(folder);
  for (const name of suspicious)
    note(session.screen, `Note: ${name} looks like a secret and is shipped with the code.`);
  note(session.screen, `Packed ${count(fileCount, 'file')}, ${sizeWords(bytes.length)}, sha256 ${sha256.slice(0, 12)}`);
  const artifact = await client.uploadArtifact(bytes, { sha256, sizeBytes: bytes.length });
  return { id: artifact.id };
}

async function uploadZip(session: Session, client: Client, path: string): Promise<Artifact> {
  const { sha256, sizeBytes } = await readZip(path);
  note(session.screen, `Uploading ${sizeWords(sizeBytes)}, sha256 ${sha256.slice(0, 12)}`);
  const artifact = await client.uploadArtifact(createReadStream(path), { sha256, sizeBytes });
  return { id: artifact.id };
}

const ATTEMPTS = 4;
const RETRY_MS = 500;

/** A lost answer is no reason to deploy twice: every attempt carries the same key, and Sluice accepts it once. */
async function ask(
  session: Session,
  client: Client,
  body: CreateDeployment,
  idempotencyKey: string,
): Promise<DeploymentView> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.createDeployment(body, idempotencyKey);
    } catch (error) {
      if (!(error instanceof ApiUnreachable) || attempt === ATTEMPTS) throw error;
      await session.context.clock.sleep(RETRY_MS * attempt, session.context.interrupted);
    }
  }
}
