/** Lists that must name every member of a union of the rollout library: the compiler says which one is missing. */
export const every =
  <T extends string>() =>
  <const A extends readonly T[]>(
    list: A & ([T] extends [A[number]] ? unknown : { missing: Exclude<T, A[number]> }),
  ): A =>
    list;
