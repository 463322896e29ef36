/** What all rollouts of one worker may hold of packages at the same time: five of the largest that Lambda takes at once. */
const MOST_BYTES = 250 * 1024 * 1024;
/** A package whose size is not known before it is there: the largest that Lambda takes in a call. */
export const LARGEST_PACKAGE_BYTES = 50 * 1024 * 1024;

/**
 * Room for packages between their fetching and the end of their upload. Rollouts side by side mostly wait, so there may
 * be many of them; their packages lie in memory, so of those there may not.
 */
export class PackageRoom {
  private held = 0;

  /** Returns what gives the room back; `undefined`: full, come back later. One is always let in, however large. */
  enter(bytes: number): (() => void) | undefined {
    if (this.held > 0 && this.held + bytes > MOST_BYTES) return undefined;
    this.held += bytes;
    let left = false;
    return () => {
      if (!left) this.held -= bytes;
      left = true;
    };
  }
}
