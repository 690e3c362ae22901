export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  alias?: Record<string, string | readonly string[]>;
  default?: Record<string, unknown>;
  stopEarly?: boolean;
  "--"?: boolean;
  /** Called for every argument the options do not name; returning false drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
export type Parsed = { _: (string | number)[]; "--"?: string[] } & Record<string, unknown>;
export function parseArgs(args: readonly string[], options?: ParseOptions): Parsed;
