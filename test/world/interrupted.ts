type Close = () => unknown;

const open = new Set<Close>();

/**
 * Servers and processes that a program started would go on without it when a signal ends it: what is given here is
 * closed first, newest first, and then the signal has its way. Returns what forgets it again.
 */
export function closeWhenInterrupted(close: Close): () => void {
  if (open.size === 0) for (const signal of SIGNALS) process.once(signal, interrupted);
  open.add(close);
  return () => {
    open.delete(close);
    if (open.size === 0) for (const signal of SIGNALS) process.off(signal, interrupted);
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function interrupted(signal: NodeJS.Signals): Promise<void> {
  for (const close of [...open].reverse()) {
    // What does not close keeps nothing else from it.
    await Promise.resolve(close()).catch(() => undefined);
  }
  process.exit(signal === 'SIGINT' ? 130 : 143);
}
