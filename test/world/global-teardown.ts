export default async function stopWorld(): Promise<void> {
  await (globalThis as { sluiceWorld?: { close(): Promise<void> } }).sluiceWorld?.close();
}
