/** Turns libvirt's public constants into a generated TypeScript module. Pure: tables in, text out. */
import type { ApiConstants } from "./api_constants.ts";
import { pascal } from "./emit.ts";

/** The text of constants.gen.ts: one table per C enum, then the macros. */
export function emitConstants(header: string, constants: ApiConstants): string {
  const enums = constants.enums.map(({ type, values }) => {
    const lines = values.flatMap(({ name, value, info }) => [
      ...(info === "" ? [] : [`  /** ${info.replaceAll("*/", "* /")} */`]),
      `  ${name}: ${value},`,
    ]);
    return `export const ${pascal(type)} = {\n${lines.join("\n")}\n} as const;`;
  });
  const macros = [
    ...[...constants.numbers].map(([name, value]) => `export const ${name} = ${value};`),
    ...[...constants.strings].map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`),
  ];
  return [header, ...enums, macros.join("\n")].join("\n\n") + "\n";
}
