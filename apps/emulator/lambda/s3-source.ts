import { SignatureV4 } from '@smithy/signature-v4';
import { dateOf } from '../clock.js';
import { Sha256 } from '../wire/sha256.js';
import { invalidParameter } from './errors.js';

/** Any S3-compatible endpoint that holds deployment packages. */
export interface ObjectSource {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

const failed = (code: string, message: string) =>
  invalidParameter(`Error occurred while GetObject. S3 Error Code: ${code}. S3 Error Message: ${message}`);

/** Fetches a package; what the object store refuses is passed on in the service's words. */
export async function fetchObject(
  source: ObjectSource | undefined,
  now: number,
  bucket: string,
  key: string,
  version: string | undefined,
): Promise<Buffer> {
  if (!source) throw failed('NoSuchBucket', 'The specified bucket does not exist');
  const base = new URL(source.endpoint);
  const path = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  const query = version === undefined ? {} : { versionId: version };
  const signer = new SignatureV4({
    credentials: source,
    region: source.region,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    { method: 'GET', protocol: base.protocol, hostname: base.hostname, path, query, headers: { host: base.host } },
    { signingDate: dateOf(now) },
  );
  const suffix = version === undefined ? '' : `?versionId=${encodeURIComponent(version)}`;
  const response = await fetch(new URL(path + suffix, base), { headers: signed.headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.ok) return bytes;
  const body = bytes.toString('utf8');
  throw failed(
    /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? `Status${response.status}`,
    /<Message>([^<]+)<\/Message>/.exec(body)?.[1] ?? 'The object could not be read.',
  );
}
