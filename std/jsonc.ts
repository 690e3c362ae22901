/** Typed door to the std sources that npm carries as plain JavaScript (see std/README.md). */
// @ts-types="./jsonc.d.ts"
export * from "deno-std/jsonc/mod.js";
