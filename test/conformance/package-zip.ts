import { ZipFile } from 'yazl';

/** A deployment package with these files. */
export function zipOf(files: Record<string, string>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name, { mtime: new Date(0) });
  zip.end();
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    zip.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk));
    zip.outputStream.on('end', () => done(Buffer.concat(chunks)));
    zip.outputStream.on('error', fail);
  });
}

/** Package number N: a handler that says its number, and fails or sleeps when the event asks it to. */
export function packageNumber(n: number | string): Promise<Buffer> {
  return zipOf({
    'index.js': `exports.handler = async (event, context) => {
  if (event.fail) throw new TypeError('asked to fail');
  if (event.sleep) await new Promise((done) => setTimeout(done, event.sleep));
  console.log('package ${n}', JSON.stringify(event));
  return { package: '${n}', version: context.functionVersion, arn: context.invokedFunctionArn, event };
};
`,
  });
}
