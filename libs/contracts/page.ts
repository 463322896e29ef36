import { z } from 'zod';

export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;

/** Keyset paging: `next` of one page is `cursor` of the following one; opaque to callers. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,200}$/, 'A cursor is the `next` of an earlier page, unchanged.')
    .optional(),
});

export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `cursor` for the next page; `null` on the last one. */
  readonly next: string | null;
}
