export function closestString(
  given: string,
  possible: readonly string[],
  options?: { caseSensitive?: boolean },
): string;
