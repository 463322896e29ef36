import type { CodeSource, FunctionReading } from '#aws';
import type { ArtifactRow } from '#store';
import type { WorkerParts } from './parts.js';

/** Downloading a version's code may take as long as uploading it. */
const DOWNLOAD_TIMEOUT_MS = 60_000;

export type CodeFound =
  | { readonly ok: true; readonly code: CodeSource }
  | { readonly ok: false; readonly again: boolean; readonly sentence: string };

/** The code to send: the artifact's, or the stable version's own when only the configuration changes. */
export async function findCode(
  parts: WorkerParts,
  artifact: ArtifactRow | undefined,
  stable: FunctionReading,
  signal: AbortSignal,
): Promise<CodeFound> {
  if (!artifact) return stableCode(parts, stable, signal);
  if (artifact.kind === 'image')
    return { ok: true, code: { kind: 'image', uri: String(artifact.storage['imageUri']) } };
  const { bucket, key, versionId } = artifact.storage as { bucket?: string; key?: string; versionId?: string };
  if (bucket && key) return { ok: true, code: { kind: 's3', bucket, key, ...(versionId ? { versionId } : {}) } };
  const chunks: Uint8Array[] = [];
  for await (const chunk of parts.store.artifacts.readChunks(artifact.id)) chunks.push(chunk);
  if (chunks.length === 0) return { ok: false, again: false, sentence: 'The bytes of the artifact are gone.' };
  return { ok: true, code: { kind: 'zip', bytes: Buffer.concat(chunks) } };
}

async function stableCode(parts: WorkerParts, stable: FunctionReading, signal: AbortSignal): Promise<CodeFound> {
  if (stable.packageType === 'Image') {
    if (!stable.imageUri)
      return { ok: false, again: false, sentence: 'Lambda did not name the image of the stable version.' };
    return { ok: true, code: { kind: 'image', uri: stable.imageUri } };
  }
  const downloaded = await parts.lambda.downloadCode(stable, { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal });
  if (downloaded.ok) return { ok: true, code: { kind: 'zip', bytes: downloaded.value } };
  return { ok: false, again: downloaded.fault.retry !== 'never', sentence: downloaded.fault.public };
}

export function uploadBytes(code: CodeSource): number {
  return code.kind === 'zip' ? code.bytes.byteLength : 0;
}
