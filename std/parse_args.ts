/** Typed door to the std sources that npm carries as plain JavaScript (see std/README.md). */
// @ts-types="./parse_args.d.ts"
export * from "deno-std/cli/parse_args.js";
